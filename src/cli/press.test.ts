import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pressAnswer, type VisitView } from "../doorbell/api.ts";
import { temporaryFolder } from "../testing/guard.ts";
import {
  beginStream,
  cannedDoor,
  cannedSystem,
  cannedVisit,
  refusal,
  runCommand,
  visitEvent,
} from "./canned-system.fixture.ts";
import { memorySink, memoryWorld } from "./world.fixture.ts";

const PRESS = "POST /api/doors/front/press";
const visit = cannedVisit();
const accepted = (status = "accepted") => ({
  status: 202,
  body: pressAnswer.parse({ visitId: visit.id, status }),
});
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);

function fileOf(name: string, bytes: Uint8Array): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

const cut = (response: ServerResponse): undefined => void response.destroy();

describe("press", () => {
  it("presses at the only door, under a key of its own, and ends when it is recorded", async () => {
    await using system = await cannedSystem({
      "GET /api/doors": () => ({ body: { doors: [cannedDoor()] } }),
      [PRESS]: () => accepted(),
    });
    expect(await system.run(["press"])).toEqual({
      exit: 0,
      stdout: `accepted: visit ${visit.id}\n`,
      stderr: "",
    });
    await system.run(["press", "front", "--scene", "stranger", "--json"]);
    const [, first, second] = system.received;
    expect([first?.body.toString(), second?.body.toString()]).toEqual(["{}", '{"scene":"stranger"}']);
    expect(first?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(second?.headers["idempotency-key"]).not.toBe(first?.headers["idempotency-key"]);
  });

  it("asks which door where there are several, and says when there is none", async () => {
    const doors = [cannedDoor(), cannedDoor({ id: "back" })];
    await using system = await cannedSystem({ "GET /api/doors": () => ({ body: { doors } }) });
    expect(await system.run(["press"])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("Name one: front, back."),
    });
    doors.length = 0;
    expect((await system.run(["press"])).stderr).toContain("there is no door");
    expect(system.received.every(({ method }) => method === "GET")).toBe(true);
  });

  it("says when the press was merged into the visit just begun", async () => {
    await using system = await cannedSystem({ [PRESS]: () => accepted("merged") });
    expect((await system.run(["press", "front"])).stdout).toContain("merged into the visit just begun");
  });

  it("passes on what the system says against it", async () => {
    await using system = await cannedSystem({
      [PRESS]: () => refusal(400, "request_invalid", "press at front: scene is no scene of this door"),
    });
    expect(await system.run(["press", "front", "--scene", "x"])).toMatchObject({
      exit: 3,
      stderr: "doorbell: press at front: scene is no scene of this door\n  hint: Look again.\n",
    });
  });
});

describe("press --image", () => {
  it("sends the file's bytes as what they are, whatever its name says", async () => {
    await using system = await cannedSystem({ [PRESS]: () => accepted() });
    await system.run(["press", "front", "--image", fileOf("face.png", JPEG)]);
    expect(system.received[0]).toMatchObject({ headers: { "content-type": "image/jpeg" }, body: JPEG });
  });

  it.each([
    [
      "heic",
      Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
      3,
      "HEIC is not supported",
      "Most Compatible",
    ],
    ["not_an_image", Buffer.from("no picture at all"), 3, "file is not an image", "JPEG, PNG, WebP"],
    ["empty", Buffer.from(""), 3, "file is empty", "nothing arrived"],
  ])("refuses %s in the system's words before anything is sent", async (code, bytes, exit, message, hint) => {
    await using system = await cannedSystem({});
    const ran = await system.run(["press", "front", "--image", fileOf("photo", bytes), "--json"]);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      code,
      exit,
      title: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(ran.exit).toBe(exit);
    expect(system.received).toEqual([]);
  });

  it("fails where the file cannot be read, and takes no scene beside it", async () => {
    const missing = await runCommand(["press", "--image", "/nowhere.jpg", "--json"]);
    expect(missing.exit).toBe(1);
    expect(JSON.parse(missing.stdout)).toMatchObject({ code: "file_unreadable" });
    expect((await runCommand(["press", "--image", "a.jpg", "--scene", "x"])).exit).toBe(2);
  });
});

describe("a press whose connection breaks", () => {
  it("is repeated as the very same request, so that it counts once", async () => {
    let tries = 0;
    await using system = await cannedSystem({
      [PRESS]: (_, response) => {
        tries += 1;
        if (tries === 2) return refusal(503, "busy", "the system stops");
        return tries === 1 ? cut(response) : accepted("repeated");
      },
    });
    const image = fileOf("face.jpg", JPEG);
    expect(await system.run(["press", "front", "--image", image])).toMatchObject({
      exit: 0,
      stdout: `accepted: visit ${visit.id}\n`,
    });
    expect(tries).toBe(3);
    const keys = system.received.map(({ headers }) => headers["idempotency-key"]);
    expect(new Set(keys).size).toBe(1);
    expect(system.received.every(({ body }) => body.equals(JPEG))).toBe(true);
  });

  it("is unknown when that does not help, even if the system is gone meanwhile", async () => {
    const stop = new AbortController();
    await using system = await cannedSystem({
      [PRESS]: (_, response) => {
        stop.abort();
        return cut(response);
      },
    });
    const world = { ...memoryWorld(), signal: stop.signal };
    const { exit, stderr } = await system.run(["press", "front"], world);
    expect(exit).toBe(4);
    expect(stderr).toContain("It may have been done or not");
  });

  it("is refused when the repetition is", async () => {
    let tries = 0;
    await using system = await cannedSystem({
      [PRESS]: (_, response) => (++tries === 1 ? cut(response) : refusal(422, "truncated", "read photo: no")),
    });
    expect(await system.run(["press", "front"])).toMatchObject({ exit: 3 });
  });

  it("is sent when the system of this machine is back", async () => {
    const dataDir = temporaryFolder();
    const run = join(dataDir, "run");
    mkdirSync(run);
    writeFileSync(
      join(dataDir, "a.yaml"),
      JSON.stringify({
        dataDir,
        doors: [{ id: "front", name: "Front", camera: { driver: "demonstration" } }],
      }),
    );
    const web = createServer((_, response) => response.writeHead(202).end(JSON.stringify(accepted().body)));
    // The first who asks for the supervisor finds that it starts `web` again.
    const supervisor = createTcpServer((asking) => {
      asking.destroy();
      if (!web.listening) web.listen(join(run, "web.sock"));
    }).listen(join(run, "supervisor.sock"));
    try {
      const world = memoryWorld({ DOORBELL_CONFIG: join(dataDir, "a.yaml") });
      expect(await runCommand(["press", "front"], world)).toMatchObject({
        exit: 0,
        stdout: `accepted: visit ${visit.id}\n`,
      });
    } finally {
      supervisor.close();
      web.close();
    }
  });

  it("is not repeated where nothing was sent", async () => {
    const ran = await runCommand(["press", "front", "--url", "http://127.0.0.1:1", "--json"]);
    expect(ran.exit).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ code: "not_running" });
  });
});

/** A system whose visit goes on by a step at each event of its stream. */
async function systemWith(steps: readonly Partial<VisitView>[]) {
  let step = 0;
  return cannedSystem({
    [PRESS]: () => accepted(),
    [`GET /api/visits/${visit.id}`]: () => ({ body: cannedVisit({ id: visit.id, ...steps[step] }) }),
    "GET /api/visits/stream": (_, response) => {
      beginStream(response, 5);
      response.write(visitEvent(6, "visit.accepted", cannedVisit().id));
      for (; step < steps.length - 1; step++) response.write(visitEvent(7 + step, "visit.changed", visit.id));
      return undefined;
    },
  });
}

const undecided = { outcome: null, person: null, distance: null, evidence: null } as const;

describe("press --wait", () => {
  it("follows the visit to its end and tells who it was, how near, and who was told", async () => {
    const [delivery] = visit.deliveries;
    await using system = await systemWith([
      { ...undecided, state: "accepted", deliveries: [] },
      { state: "done", deliveries: [{ ...delivery!, state: "waiting" }] },
      {},
    ]);
    const { exit, stdout, stderr } = await system.run(["press", "front", "--wait"]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    expect(stdout).toBe(
      `accepted: visit ${visit.id}\n` +
        "known: Anna, distance 0.41\n" +
        "  The nearest face is 0.41 from Anna: up to 0.50 it is the same person.\n" +
        "  Several frames agree.\n" +
        "  deliveries: 1 delivered\n",
    );
  });

  it("waits by itself on a terminal, unless told not to", async () => {
    await using system = await systemWith([{}]);
    const terminal = () => ({ ...memoryWorld({ NO_COLOR: "1" }), stdout: memorySink(true) });
    expect((await system.run(["press", "front"], terminal())).stdout).toContain("known: Anna");
    expect((await system.run(["press", "front", "--no-wait"], terminal())).stdout).not.toContain("known");
  });

  it("gives a program one document, and takes a stranger for a visit like others", async () => {
    await using system = await systemWith([{ outcome: "unknown", person: null, evidence: null }]);
    const { exit, stdout } = await system.run(["press", "front", "--wait", "--json"]);
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      visitId: visit.id,
      status: "accepted",
      visit: { id: visit.id, outcome: "unknown" },
    });
  });

  it.each([
    ["camera_off", 0, "The camera was off"],
    ["worker_died", 1, "It was given up: the worker died"],
  ])("with the reason %s exits with %d", async (reason, exit, text) => {
    const nothing = { ...undecided, outcome: "no_frame", reason, captures: [] } as Partial<VisitView>;
    await using system = await systemWith([nothing]);
    const ran = await system.run(["press", "front", "--wait"]);
    expect(ran.exit).toBe(exit);
    expect(ran.stdout).toContain(text);
  });

  it("that is stopped says where the visit can be looked at", async () => {
    const stop = new AbortController();
    await using system = await cannedSystem({
      [PRESS]: () => accepted(),
      "GET /api/visits/stream": (_, response) => beginStream(response, 5) as undefined,
      [`GET /api/visits/${visit.id}`]: () => {
        setImmediate(() => stop.abort());
        return { body: cannedVisit({ ...undecided, id: visit.id, state: "accepted" }) };
      },
    });
    const world = { ...memoryWorld(), signal: stop.signal };
    expect(await system.run(["press", "front", "--wait"], world)).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining(`doorbell visit show ${visit.id}`),
    });
  });
});
