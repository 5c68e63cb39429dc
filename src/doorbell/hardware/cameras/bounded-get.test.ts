import type { lookup } from "node:dns";
import { describe, expect, it } from "vitest";
import { guardedLookup } from "./bounded-get.ts";

/** What a connection is told about a host whose name server answers so. */
function found(addresses: { address: string; family: number }[], all: boolean): Promise<unknown[]> {
  const resolve = ((_host: string, _options: object, callback: (...answer: unknown[]) => void) =>
    callback(null, addresses)) as typeof lookup;
  return new Promise((done) => {
    guardedLookup(resolve)("camera.example", { all }, (...answer) => done(answer));
  });
}

describe("the look-up of a camera's name", () => {
  const camera = { address: "192.168.1.9", family: 4 };

  it("gives the addresses in either form that a connection asks for", async () => {
    expect(await found([camera], true)).toEqual([null, [camera]]);
    expect(await found([camera], false)).toEqual([null, "192.168.1.9", 4]);
  });

  it.each(["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"])(
    "refuses a name that also leads to %s",
    async (address) => {
      for (const all of [true, false]) {
        const [error] = await found([camera, { address, family: 4 }], all);
        expect(error).toMatchObject({ code: "camera_refused" });
      }
    },
  );
});
