import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PersonView, VisitView } from "../src/doorbell/api.ts";
import { demonstrationScenes } from "../src/doorbell/hardware/cameras/demonstration-scenes.ts";
import { temporaryFolder } from "../src/testing/guard.ts";
import { type System, startSystem, until } from "../src/testing/system.ts";

/** The commands as an operator runs them: child processes, on a whole system that runs on the demonstration. */
const ROOT = resolve(import.meta.dirname, "..");
const PHOTOS = join(ROOT, "node_modules/@vladmandic/face-api/demo");
const RESIDENT = "Demonstration: resident";

let folder: string;
let system: System;

beforeAll(async () => {
  folder = temporaryFolder();
  system = await startSystem({ folder });
  await until(areEnrolled, 60_000, "the people of the demonstration to be known");
}, 120_000);

async function areEnrolled(): Promise<boolean> {
  const { people } = await doorbellJson<{ people: PersonView[] }>("person", "list");
  return people.length === 2 && people.every(({ enrolments }) => enrolments === 2);
}

afterAll(() => system[Symbol.asyncDispose]());

function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const config = join(folder, "doorbell.yaml");
  const child = spawn(process.execPath, [join(ROOT, "src/main.ts"), ...argv, "--config", config], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk));
  const exited = new Promise<number | null>((done) => child.once("close", (code) => done(code)));
  return { child, exited, stderr: () => stderr };
}

/** Runs a command to its end. */
async function doorbell(...argv: string[]) {
  const { child, exited, stderr } = start(argv);
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk));
  return { exit: await exited, stdout, stderr: stderr() };
}

/** The same with `--json`: the exit code in place in its document. */
async function doorbellJson<T>(...argv: string[]): Promise<{ exit: number | null } & T> {
  const { exit, stdout } = await doorbell(...argv, "--json");
  return { ...(JSON.parse(stdout) as T), exit };
}

type Pressed = { visitId: string; status: string; visit: VisitView };

function photo(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function regionOf(scene: string): Promise<string> {
  const { file, ...region } = demonstrationScenes.find(({ id }) => id === scene)!.frames[0]!;
  return photo(`${scene}.jpg`, await sharp(join(PHOTOS, file)).extract(region).jpeg().toBuffer());
}

describe("press", () => {
  it.each([
    ["resident", "known", RESIDENT],
    ["stranger", "unknown", null],
    ["watchlist", "watchlisted", "Demonstration: watchlist"],
    ["nobody", "no_face", null],
  ])("--scene %s --wait ends with %s", async (scene, outcome, name) => {
    const { exit, status, visit } = await doorbellJson<Pressed>("press", "--scene", scene, "--wait");
    expect({ exit, status, outcome: visit.outcome }).toEqual({ exit: 0, status: "accepted", outcome });
    expect(visit.person?.name ?? null).toBe(name);
    expect(visit.deliveries.every(({ state }) => state === "delivered")).toBe(true);
  });

  it("--image lets the pipeline look at that photo", async () => {
    const pressed = await doorbellJson<Pressed>(
      "press",
      "front",
      "--image",
      join(PHOTOS, "sample1.jpg"),
      "--wait",
    );
    expect(pressed).toMatchObject({ exit: 0, visit: { outcome: "known", person: { name: RESIDENT } } });
    expect(pressed.visit.captures).toHaveLength(1);
  });

  it("passes on what the system says against a photo, a scene or a door", async () => {
    const whole = await sharp(join(PHOTOS, "sample1.jpg")).jpeg().toBuffer();
    const huge = Buffer.from(whole);
    // Height and width in the frame header (ITU-T T.81, B.2.2).
    const header = huge.indexOf(Buffer.from([0xff, 0xc0]));
    huge.writeUInt32BE(0x4e204e20, header + 5);
    const press = (...argv: string[]) => doorbellJson("press", ...argv);
    const cut = photo("cut.jpg", whole.subarray(0, whole.length / 2));
    expect(await press("--image", cut)).toMatchObject({ exit: 3, code: "truncated" });
    expect(await press("--image", photo("huge.jpg", huge))).toMatchObject({
      exit: 3,
      code: "too_many_pixels",
    });
    expect(await press("--scene", "party")).toMatchObject({ exit: 3, code: "request_invalid" });
    expect(await press("back")).toMatchObject({ exit: 3, code: "not_found" });
  });
});

describe("visit", () => {
  it("list, show and ack speak of the same visits", async () => {
    const { visitId } = await doorbellJson<Pressed>("press", "--scene", "stranger", "--wait");
    const { visits } = await doorbellJson<{ visits: VisitView[] }>("visit", "list", "--outcome", "unknown");
    expect(visits[0]?.id).toBe(visitId);
    expect(visits.every(({ outcome }) => outcome === "unknown")).toBe(true);
    const { stdout } = await doorbell("visit", "show", visitId.slice(0, 18));
    expect(stdout).toContain(`visit ${visitId}`);
    expect(stdout).toContain("too far to be the same person");
    expect(stdout).toMatch(/● 0\.\d\d Demonstration: /);
    expect((await doorbell("visit", "ack", visitId)).exit).toBe(0);
    expect((await doorbellJson<VisitView>("visit", "show", visitId)).acknowledgedAt).not.toBeNull();
  });

  it("list --watch tells of each change, also after web was killed, and ends with Ctrl-C", async () => {
    const { child, exited, stderr } = start(["visit", "list", "--watch", "--limit", "1", "--json"]);
    const seen: { event: string | null; visit: VisitView }[] = [];
    createInterface(child.stdout).on("line", (line) => seen.push(JSON.parse(line)));
    const isSeen = (id: string) => () => seen.some(({ visit }) => visit.id === id && visit.state === "done");
    await until(() => seen.length === 1, 20_000, "what was there before");
    expect(seen[0]?.event).toBeNull();
    const first = await doorbellJson<Pressed>("press", "--scene", "nobody");
    await until(isSeen(first.visitId), 20_000, "the first visit");

    system.kill("web");
    await until(() => stderr().includes("trying again"), 20_000, "the cut");
    await system.ready();
    const second = await doorbellJson<Pressed>("press", "--scene", "nobody");
    await until(isSeen(second.visitId), 20_000, "the second visit");

    child.kill("SIGINT");
    expect(await exited).toBe(0);
  });
});

describe("person", () => {
  it("add, add-photo, watchlist and remove change who is known", async () => {
    const name = "Łukasz 李";
    const face = await regionOf("stranger");
    const empty = await regionOf("nobody");
    const added = await doorbellJson<{ personId: string }>("person", "add", name, "--photo", face, empty);
    expect(added).toMatchObject({ exit: 3, enrolled: 1, refused: [{ photo: empty, code: "enrol_no_face" }] });
    expect(await doorbell("person", "add-photo", name, "--photo", face)).toMatchObject({ exit: 0 });
    expect((await doorbell("person", "list")).stdout).toMatch(
      new RegExp(`${added.personId}  ${name} +2 +no`),
    );

    const known = await doorbellJson<Pressed>("press", "--scene", "stranger", "--wait");
    expect(known.visit).toMatchObject({ outcome: "known", person: { name } });
    expect((await doorbell("person", "watchlist", name, "on")).stdout).toBe(`${name} is on the watchlist\n`);

    expect((await doorbell("person", "remove", name)).exit).toBe(2);
    expect((await doorbell("person", "remove", name, "--yes")).exit).toBe(0);
    expect((await doorbell("person", "list")).stdout).not.toContain(name);
    const shown = await doorbell("visit", "show", known.visitId);
    expect(shown.stdout).toContain("somebody since removed");
  });
});

describe("status", () => {
  it("passes while all runs; when web does not, the supervisor says so", async () => {
    expect(await doorbellJson("status")).toMatchObject({ exit: 0, verdict: "pass", people: 2 });
    system.kill("web");
    expect(await doorbellJson("status")).toMatchObject({
      exit: 1,
      verdict: "fail",
      problems: ["the web process does not answer", expect.stringMatching(/^web is /)],
    });
    await system.ready();
    await until(async () => (await doorbell("status")).exit === 0, 20_000, "web to be back");
  });
});

describe("a system on another machine", () => {
  let token: string;

  beforeAll(async () => {
    const { address } = await doorbellJson<{ address: string }>("setup", "link");
    expect(address).toMatch(new RegExp(`^http://localhost:${system.port}/#/setup\\?token=`));
    const owner = { name: "Owner", password: "correct horse battery staple" };
    const link = { token: new URLSearchParams(address.split("?")[1]).get("token"), ...owner };
    expect((await system.call("POST", "/api/setup", link)).status).toBe(204);
    token = (await system.call<{ token: string }>("POST", "/api/tokens", { name: "test" })).body.token;
  });

  it("is reached by its address with a token, and refuses what only its own machine may", async () => {
    const remotely = async (...argv: string[]) => {
      const address = `http://127.0.0.1:${system.port}`;
      const { child, exited } = start([...argv, "--url", address, "--json"], { DOORBELL_TOKEN: token });
      const answer = JSON.parse((await child.stdout.toArray()).join(""));
      return { ...answer, exit: await exited };
    };
    expect(await remotely("status")).toMatchObject({ exit: 0, verdict: "pass" });
    expect(await remotely("press", "--scene", "resident", "--wait")).toMatchObject({
      exit: 0,
      visit: { source: "http", outcome: "known" },
    });
    expect(await remotely("setup", "link")).toMatchObject({ exit: 3, code: "forbidden" });
  });
});

it("door list tells the scenes that a press may ask for", async () => {
  expect((await doorbell("door", "list")).stdout).toContain("resident, stranger, watchlist, nobody");
});
