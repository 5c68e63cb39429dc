import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/clock.ts";
import { faultOf } from "./camera.contract.ts";
import { openCamera } from "./open.ts";
import { cameraSettings } from "./settings.ts";

const deps = {
  clock: systemClock(),
  scenes: [],
  secret: async (reference: string) => `secret of ${reference}`,
};

/** The messages of a parse that fails, by path. */
function complaints(settings: unknown): Record<string, string> {
  const issues = cameraSettings.safeParse(settings).error?.issues ?? [];
  return Object.fromEntries(issues.map((issue) => [issue.path.join("."), issue.message]));
}

describe("opening a camera", () => {
  it("picks the driver that the settings name", async () => {
    const settings = [
      { driver: "folder", path: "/none" },
      { driver: "http", url: "http://camera.invalid/" },
      { driver: "demonstration" },
    ];
    for (const each of settings) {
      const camera = openCamera(cameraSettings.parse(each), deps);
      expect(camera.kind).toBe(each.driver);
      await camera.close();
    }
  });

  it("reads the password when the camera asks for it", async () => {
    const authorizations: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      authorizations.push(request.headers.authorization);
      response.writeHead(401, { "www-authenticate": "Basic" }).end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const settings = cameraSettings.parse({ driver: "http", url, username: "door", password: "env:CAMERA" });
    await faultOf(openCamera(settings, deps));
    server.close();
    const token = Buffer.from("door:secret of env:CAMERA").toString("base64");
    expect(authorizations).toEqual([undefined, `Basic ${token}`]);
  });
});

describe("the settings of a camera", () => {
  it("have defaults", () => {
    expect(cameraSettings.parse({ driver: "folder", path: "/a" })).toEqual({
      driver: "folder",
      path: "/a",
      order: "newest",
      maxAgeMs: 60_000,
    });
    expect(cameraSettings.parse({ driver: "http", url: "https://a/b" })).toMatchObject({ timeoutMs: 3_000 });
  });

  it("refuse what cannot work, at the key that is wrong", () => {
    const http = { driver: "http", url: "http://camera/" };
    expect(complaints({ driver: "polaroid" })).toHaveProperty("driver");
    expect(complaints({ ...http, url: "rtsp://camera/" }).url).toContain("http://");
    expect(complaints({ ...http, url: "http://door:word@camera/" }).url).toContain("`password`");
    expect(complaints({ ...http, url: "http://:word@camera/" }).url).toContain("`password`");
    expect(complaints({ ...http, username: "door", password: "word" }).password).toContain("env:NAME");
    expect(complaints({ ...http, username: "door" }).password).toContain("together");
    expect(complaints({ ...http, timeoutMs: 0 })).toHaveProperty("timeoutMs");
    expect(complaints({ driver: "folder", path: "/a", oder: "name" })[""]).toContain("oder");
  });
});
