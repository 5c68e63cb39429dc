import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Controlled, serveControl } from "../production/deployment/supervisor/control.ts";
import { runFolder } from "../production/deployment/supervisor/run-folder.ts";
import { serveUnix } from "../production/deployment/supervisor/unix-server.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { cannedDoor, cannedSystem, refusal, runCommand } from "./canned-system.fixture.ts";
import type { SystemState } from "./system-state.ts";
import { memoryWorld } from "./world.fixture.ts";

const READY: SystemState = {
  release: "0.1.0",
  profile: "demonstration",
  url: "http://localhost:5000",
  uptimeSeconds: 7_300,
  processes: ["ops", "web", "worker-1"].map((name) => ({ name, state: "ready" })),
  doors: [{ id: "front", name: "Front door", camera: "demonstration" }],
  people: 2,
  queue: [{ kind: "visit", open: 0, dead: 0 }],
  outbox: { waiting: 0, dead: 0 },
  channels: [{ name: "phone", kind: "webhook", state: "untried", lastSuccessAt: null }],
};
const answering = (over: Partial<SystemState> = {}) =>
  cannedSystem({ "GET /api/status": () => ({ body: { ...READY, ...over } }) });

describe("status", () => {
  it("is calm while all is fine", async () => {
    await using system = await answering();
    expect(await system.run(["status"])).toEqual({
      exit: 0,
      stdout: [
        "running",
        "  release    0.1.0, for 2 hours, demonstration",
        "  address    http://localhost:5000",
        "  processes  ops, web, worker-1",
        "  doors      front (demonstration)",
        "  people     2",
        "  waiting    nothing",
        "  channel    phone: untried",
        "",
      ].join("\n"),
      stderr: "",
    });
  });

  it("says first what does not run, and exits with 1", async () => {
    const processes = [...READY.processes, { name: "worker-2", state: "crash_looping" }];
    await using system = await answering({ processes });
    const { exit, stdout } = await system.run(["status"]);
    expect(exit).toBe(1);
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      "not all of it is running",
      "  worker-2 is crash looping",
    ]);
    const json = JSON.parse((await system.run(["status", "--json"])).stdout);
    expect(json).toMatchObject({ verdict: "fail", problems: ["worker-2 is crash looping"], processes });
  });

  it("warns of what was given up and of a channel that fails, while all runs", async () => {
    await using system = await answering({
      queue: [{ kind: "visit", open: 3, dead: 2 }],
      outbox: { waiting: 1, dead: 1 },
      channels: [{ name: "phone", kind: "webhook", state: "silent", lastSuccessAt: 1_795_000_000_000 }],
    });
    const { exit, stdout } = await system.run(["status"]);
    expect(exit).toBe(0);
    for (const text of [
      "given up: 2 visit jobs",
      "given up: 1 delivery",
      "channel phone is silent",
      "waiting    3 visit jobs, 1 delivery",
      "phone: silent, last at 2026",
    ])
      expect(stdout).toContain(text);
  });

  it("passes on a refusal, and asks no supervisor of this machine for another", async () => {
    await using system = await cannedSystem({
      "GET /api/status": () => refusal(401, "unauthorised", "read status: not signed in"),
    });
    expect((await system.run(["status"])).exit).toBe(3);
    const away = await runCommand(["status", "--url", "http://127.0.0.1:1", "--json"]);
    expect({ exit: away.exit, ...JSON.parse(away.stdout) }).toMatchObject({ exit: 1, code: "not_running" });
  });
});

describe("status of this machine", () => {
  /** A data folder and the configuration that names it. */
  function household() {
    const dataDir = temporaryFolder();
    const door = { id: "front", name: "Front", camera: { driver: "demonstration" } };
    writeFileSync(join(dataDir, "a.yaml"), JSON.stringify({ dataDir, doors: [door] }));
    const { folder, control } = runFolder(dataDir);
    mkdirSync(folder);
    return { control, world: memoryWorld({ DOORBELL_CONFIG: join(dataDir, "a.yaml") }) };
  }

  it("is told by the supervisor where web does not answer", async () => {
    const { control, world } = household();
    const processes = [
      { name: "ops", role: "ops", status: "ready", wanted: true, forMs: 1, restarts: 0 },
      { name: "web", role: "web", status: "backing_off", wanted: true, forMs: 1, restarts: 3 },
    ] as const;
    const status: Controlled["status"] = () => ({ pid: 1, phase: "running", release: "0.1.0", processes });
    const server = await serveUnix(control, (socket) => serveControl(socket, { status } as Controlled));
    try {
      const { exit, stdout } = await runCommand(["status"], world);
      expect(exit).toBe(1);
      expect(stdout).toBe(
        "not all of it is running\n  the web process does not answer\n  web is backing off\n" +
          "  release    0.1.0\n  processes  ops, web\n",
      );
    } finally {
      await server.close();
    }
  });

  it("is not running where nobody answers", async () => {
    const { world } = household();
    expect(await runCommand(["status"], world)).toMatchObject({
      exit: 1,
      stdout: "",
      stderr: expect.stringContaining("Start it with: doorbell up"),
    });
  });
});

describe("door list", () => {
  it("lists doors and the scenes that can be asked for", async () => {
    const scenes = ["resident", "stranger"].map((id) => ({ id, description: id }));
    const doors = [cannedDoor({ scenes }), cannedDoor({ id: "back", name: "Back", camera: "http" })];
    await using system = await cannedSystem({ "GET /api/doors": () => ({ body: { doors } }) });
    expect((await system.run(["door", "list"])).stdout).toBe(
      "ID     NAME        CAMERA         SCENES\n" +
        "front  Front door  demonstration  resident, stranger\n" +
        "back   Back        http           -\n",
    );
  });
});

describe("setup link", () => {
  it("prints the address alone, so that it can be piped, and beside it how long it is good for", async () => {
    await using system = await cannedSystem({
      "POST /api/setup-links": () => ({ status: 201, body: { token: "a+b", expiresAt: 1_795_000_000_000 } }),
    });
    const world = memoryWorld({ DOORBELL_HTTP__PUBLIC_URL: "https://door.example" });
    const { exit, stdout, stderr } = await system.run(["setup", "link"], world);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: "https://door.example/#/setup?token=a%2Bb\n" });
    expect(stderr).toMatch(/^It sets the owner's password, once, until 2026-/);
  });

  it("is refused from elsewhere", async () => {
    await using system = await cannedSystem({
      "POST /api/setup-links": () => refusal(403, "forbidden", "make setup link: not with these rights"),
    });
    expect((await system.run(["setup", "link"])).exit).toBe(3);
  });
});
