import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { VisitView } from "../src/doorbell/api.ts";
import { photoOf } from "../src/doorbell/pipeline/household.fixture.ts";
import { temporaryFolder } from "../src/testing/guard.ts";
import { type Receiver, startReceiver } from "../src/testing/receiver.ts";
import { type System, type SystemOptions, startSystem, until } from "../src/testing/system.ts";

const SECRET = "a secret of tests";
const PATIENCE_MS = 60_000;

let receiver: Receiver;
let options: SystemOptions;
let system: System;

beforeAll(async () => {
  receiver = await startReceiver(SECRET);
  options = {
    folder: temporaryFolder(),
    failpoints: true,
    env: { HOOK_SECRET: SECRET },
    config: {
      doors: [{ id: "front", name: "Front door", debounceMs: 0, camera: { driver: "demonstration" } }],
      pipeline: { framesPerVisit: 1 },
      recognition: { detector: "tiny" },
      notifications: {
        channels: { hook: { kind: "webhook", url: receiver.url, secret: "env:HOOK_SECRET" } },
        rules: [{ name: "everything" }],
        perMinute: 1_000,
        selfTest: { enabled: false },
      },
    },
  };
  system = await startSystem(options);
});

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

/** Presses; a broken connection is tried again under the same key, as the sender of a button would. */
async function press(key: string, body: unknown = { scene: "stranger" }): Promise<string> {
  let visitId = "";
  await until(
    async () => {
      const answer = await system
        .call<{ visitId: string }>("POST", "/api/doors/front/press", body, { "idempotency-key": key })
        .catch(() => undefined);
      if (!answer || answer.status >= 500) return false;
      expect(answer.status).toBe(202);
      visitId = answer.body.visitId;
      return true;
    },
    PATIENCE_MS,
    `press ${key} to be taken in`,
  );
  return visitId;
}

async function visits(): Promise<VisitView[]> {
  return (await system.call<{ visits: VisitView[] }>("GET", "/api/visits?limit=100")).body.visits;
}

/** Resolves when a visit is done and told of. */
async function told(visitId: string): Promise<VisitView> {
  let visit: VisitView | undefined;
  await until(
    async () => {
      visit = (await system.call<VisitView>("GET", `/api/visits/${visitId}`).catch(() => undefined))?.body;
      return visit?.state === "done" && visit.deliveries.every(({ state }) => state === "delivered");
    },
    PATIENCE_MS,
    () => `visit to be told of: ${JSON.stringify(visit)}`,
  );
  return visit!;
}

/** How often the receiver got each delivery of a visit. */
const timesOf = (visitId: string): number[] =>
  [...receiver.deliveries.values()].filter((one) => one.visitId === visitId).map(({ times }) => times);

/** Makes the keys of every test its own. */
let presses = 0;
beforeEach(() => {
  presses += 1;
});

/** After a kill: the one visit of this test is done and was told of once; no other came of it. */
async function expectOnce(visitId: string, before: readonly VisitView[]): Promise<void> {
  const visit = await told(visitId);
  expect(visit).toMatchObject({ outcome: "unknown", reason: null });
  expect(visit.captures).toHaveLength(1);
  expect(visit.deliveries).toHaveLength(1);
  expect(timesOf(visitId)).toEqual([1]);
  expect((await visits()).length).toBe(before.length + 1);
}

describe("a worker that dies", () => {
  it.each([
    "capture.begun",
    "capture.before-record",
    "detect.begun",
    "recognise.begun",
    "decide.begun",
    "record.begun",
    "record.before-commit",
    "record.after-commit",
    "notify.begun",
    "notify.before-commit",
    "notify.after-commit",
  ])("at %s costs no visit and doubles none", async (place) => {
    const before = await visits();
    const armed = system.arm("worker-1", place);
    const visitId = await press(`worker-${presses}`);
    await until(armed.happened, PATIENCE_MS, `the worker to die at ${place}`);
    await expectOnce(visitId, before);
    await system.restart("worker-1");
  });
});

describe("a web process that dies", () => {
  it.each(["press.before-commit", "storage.before-commit", "storage.after-commit"])(
    "at %s has taken the press in or not, and its key tells",
    async (place) => {
      const before = await visits();
      const armed = system.arm("web", place);
      const visitId = await press(`web-${presses}`);
      expect(armed.happened()).toBe(true);
      await expectOnce(visitId, before);
      await system.restart("web");
    },
  );

  it("while it writes a picture down leaves no visit without it", async () => {
    const before = await visits();
    const armed = system.arm("web", "file.before-publish");
    const visitId = await press(`web-${presses}`, await photoOf("stranger"));
    expect(armed.happened()).toBe(true);
    await expectOnce(visitId, before);
    await system.restart("web");
  });
});

describe("an ops process that dies", () => {
  it.each(["outbox.before-send", "storage.before-commit"])("at %s doubles no delivery", async (place) => {
    const before = await visits();
    const armed = system.arm("ops", place);
    const visitId = await press(`ops-${presses}`);
    await until(armed.happened, PATIENCE_MS, `ops to die at ${place}`);
    await expectOnce(visitId, before);
    await system.restart("ops");
  });

  it.each(["outbox.after-send", "outbox.before-settle"])(
    "at %s sends again under the same id, by which the receiver knows it",
    async (place) => {
      const armed = system.arm("ops", place);
      const visitId = await press(`ops-${presses}`);
      await until(armed.happened, PATIENCE_MS, `ops to die at ${place}`);
      await told(visitId);
      expect(timesOf(visitId)).toEqual([2]);
      await system.restart("ops");
    },
  );
});

describe("a machine that loses its power", () => {
  it("finishes after the start what was accepted before", async () => {
    const before = await visits();
    const ids = await Promise.all(Array.from({ length: 8 }, (_, n) => press(`all-${n}`)));
    await system.killAll();
    system = await startSystem({ ...options, port: system.port });
    for (const id of ids) {
      expect(await told(id)).toMatchObject({ outcome: "unknown" });
      expect(timesOf(id)).toHaveLength(1);
    }
    expect(await press("all-0")).toBe(ids[0]);
    expect((await visits()).length).toBe(before.length + ids.length);
  });

  it("is whole again after its supervisor alone was killed", async () => {
    const before = await visits();
    const ids = await Promise.all(Array.from({ length: 4 }, (_, n) => press(`supervisor-${n}`)));
    await system.kill("supervisor");
    system = await startSystem({ ...options, port: system.port });
    for (const id of ids) await told(id);
    expect((await visits()).length).toBe(before.length + ids.length);
  });
});

it("has told of every visit, of each under one id", async () => {
  const all = await visits();
  expect(all.length).toBeGreaterThan(20);
  for (const { id } of all) expect(timesOf(id)).toHaveLength(1);
  expect(receiver.deliveries.size).toBe(all.length);
  expect(receiver.forged).toBe(0);
});
