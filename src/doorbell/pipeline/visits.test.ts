import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { uuidv7 } from "../../lib/ids.ts";
import { readEvents } from "../../storage/events.ts";
import type { Camera } from "../hardware/cameras/camera.ts";
import { httpSnapshotCamera } from "../hardware/cameras/http-snapshot.ts";
import { testEngine } from "../recognition/fixtures.ts";
import type { OnnxEngine } from "../recognition/onnx-engine.ts";
import { cameraOf, enrolDemonstration, type Household, openHousehold, photoOf } from "./household.fixture.ts";

let engine: OnnxEngine;
beforeAll(async () => {
  engine = await testEngine();
});
afterAll(() => engine.close());

const deadLetters = ({ store }: Household) =>
  store.database.read.selectFrom("job").select(["id", "last_error"]).where("state", "=", "dead").execute();

const kindsOf = async ({ store }: Household, subject: string) =>
  (await readEvents(store.database, 0)).filter((event) => event.subject === subject).map(({ kind }) => kind);

it("knows, does not know, warns of and misses people as the demonstration's scenes have it", async () => {
  await using house = await openHousehold(engine);
  const { resident, watchlist } = await enrolDemonstration(house.people);
  const known = await house.visit({ scene: "resident" });
  expect(known.visit).toMatchObject({ outcome: "known", person_id: resident, evidence: "single" });
  expect(known.visit.distance).toBeLessThan(0.5);
  // Decided by the first frame: no more are taken.
  expect(known.captures).toHaveLength(1);
  expect(known.faces[0]).toMatchObject({ verdict: "named", person_id: resident });

  const warned = await house.visit({ scene: "watchlist" });
  expect(warned.visit).toMatchObject({
    outcome: "watchlisted",
    person_id: watchlist,
    evidence: "agreeing",
  });
  expect(warned.captures).toHaveLength(2);

  const unknown = await house.visit({ scene: "stranger" });
  expect(unknown.visit).toMatchObject({ outcome: "unknown", person_id: null });
  expect(unknown.captures).toHaveLength(3);
  expect(unknown.faces.every(({ verdict }) => verdict === "unknown")).toBe(true);

  const nobody = await house.visit({ scene: "nobody" });
  expect(nobody.visit).toMatchObject({ outcome: "no_face", person_id: null, distance: null });
  expect(nobody.faces).toEqual([]);
  expect(await house.queue.depth()).toEqual([]);
});

it("passes the stages in order and says each step once", async () => {
  await using house = await openHousehold(engine);
  const { visit } = await house.visit({ scene: "nobody" });
  const look = ["capture", "detect", "recognise", "decide"];
  expect(house.stages).toEqual([...look, ...look, ...look, "record", "notify"]);
  expect(await kindsOf(house, visit.id)).toEqual(["visit.accepted", "visit.decided", "visit.done"]);
  expect(house.ends).toEqual([{ status: "success" }]);
});

it("looks at the picture that came along instead of the camera", async () => {
  const never: Camera = {
    kind: "test",
    capture: () => {
      throw new Error("the camera was asked");
    },
    close: async () => {},
  };
  await using house = await openHousehold(engine, { camera: never });
  const { resident } = await enrolDemonstration(house.people);
  const frame = { bytes: await photoOf("resident"), mediaType: "image/jpeg", takenAt: 1 } as const;
  const { visit, captures } = await house.visit({ frame });
  expect(visit).toMatchObject({ outcome: "known", person_id: resident });
  expect(captures).toMatchObject([{ position: 0, width: expect.any(Number), height: expect.any(Number) }]);
});

it("keeps every picture and every face's numbers under the visit's key alone", async () => {
  await using house = await openHousehold(engine);
  const { visit, captures } = await house.visit({ scene: "stranger" });
  const owner = { kind: "visit", id: visit.id } as const;
  const { id } = captures[0]!;
  expect((await house.vault.get({ owner, id }))?.length).toBeGreaterThan(1_000);
  await house.store.keys.destroy(owner);
  expect(await house.vault.get({ owner, id })).toBeUndefined();
});

it("puts the deliveries of a visit into the outbox with its end", async () => {
  const plan = [{ rule: "everything", channel: "phone", urgent: true }];
  await using house = await openHousehold(engine, { camera: cameraOf([]), plan });
  const { deliveries } = await house.visit();
  expect(deliveries).toMatchObject([{ channel: "phone", rule: "everything", urgent: 1, state: "waiting" }]);
});

it("is done without a frame when the camera is off", async () => {
  const { port } = await freePort();
  const camera = httpSnapshotCamera(
    { url: `http://127.0.0.1:${port}/`, timeoutMs: 1_000, password: undefined },
    { clock: { now: Date.now, moment: () => ({ boot: "b", uptimeMs: performance.now() }) } },
  );
  await using house = await openHousehold(engine, { camera });
  const { visit, captures } = await house.visit();
  expect(visit).toMatchObject({ state: "done", outcome: "no_frame", reason: "camera_off", model: null });
  expect(captures).toEqual([]);
  expect(await deadLetters(house)).toEqual([]);
});

it("is done without a frame when the camera hangs, even one that hears no signal", async () => {
  const hangs: Camera = {
    kind: "test",
    async *capture() {
      await new Promise(() => {});
    },
    close: async () => {},
  };
  await using house = await openHousehold(engine, {
    camera: hangs,
    pipeline: { firstFrameTimeoutMs: 100 },
  });
  const { visit } = await house.visit();
  expect(visit).toMatchObject({ state: "done", outcome: "no_frame", reason: "camera_timeout" });
});

it("lets go of the camera as soon as it has decided", async () => {
  const photo = await photoOf("resident");
  let ended = 0;
  const camera: Camera = {
    kind: "test",
    async *capture() {
      try {
        for (;;) yield { bytes: photo, mediaType: "image/jpeg", takenAt: 1 };
      } finally {
        ended += 1;
      }
    },
    close: async () => {},
  };
  await using house = await openHousehold(engine, { camera });
  await enrolDemonstration(house.people);
  const { visit, captures } = await house.visit();
  expect(visit).toMatchObject({ outcome: "known" });
  expect(captures).toHaveLength(1);
  expect(ended).toBe(1);
});

it("leaves a broken frame out and decides by the others", async () => {
  const whole = await photoOf("resident");
  const camera = cameraOf([whole.subarray(0, whole.length / 3), whole]);
  await using house = await openHousehold(engine, { camera });
  await enrolDemonstration(house.people);
  const { visit, captures } = await house.visit();
  expect(visit).toMatchObject({ outcome: "known", reason: null });
  expect(captures).toMatchObject([{ width: null }, { width: expect.any(Number) }]);
  expect(await deadLetters(house)).toEqual([]);
});

it("puts a visit of which no frame can be read to the dead letters, and the visit says so and is told", async () => {
  const whole = await photoOf("resident");
  const frame = { bytes: whole.subarray(0, 2_000), mediaType: "image/jpeg", takenAt: 1 } as const;
  await using house = await openHousehold(engine, {
    plan: [{ rule: "all", channel: "phone", urgent: false }],
  });
  const { visit, deliveries, captures } = await house.visit({ frame });
  expect(visit).toMatchObject({ state: "done", outcome: "no_frame", reason: "truncated" });
  expect(deliveries).toHaveLength(1);
  expect(captures).toHaveLength(1);
  expect(await deadLetters(house)).toEqual([
    { id: visit.id, last_error: expect.stringContaining("truncated or damaged") },
  ]);
  expect(await kindsOf(house, visit.id)).toEqual(["visit.accepted", "visit.decided", "visit.done"]);
});

it("gives a visit up of which the worker died in every try", async () => {
  await using house = await openHousehold(engine, { pipeline: { maxTries: 2 } });
  await house.worker.stop();
  const visitId = await house.press({ scene: "resident" });
  for (const attempt of [1, 2]) {
    expect(await house.queue.lease(["visit"], 1)).toMatchObject([{ id: visitId, attempt }]);
    house.store.clock.advance(30_000);
  }
  await house.startWorker();
  const { visit, captures } = await house.done(visitId);
  expect(visit).toMatchObject({ outcome: "no_frame", reason: "worker_died" });
  expect(captures).toEqual([]);
  expect(await deadLetters(house)).toEqual([
    { id: visitId, last_error: expect.stringContaining("died in each") },
  ]);
});

it("only tells of a visit that was decided before a crash", async () => {
  await using house = await openHousehold(engine);
  await house.worker.stop();
  const visitId = await house.press({ scene: "resident" });
  await house.store.database.write(
    {
      name: "test.decide",
      run: (tx) =>
        tx.updateTable("visit").set({ state: "decided", outcome: "unknown", decided_at: 1 }).execute(),
    },
    undefined,
  );
  await house.startWorker();
  const { visit } = await house.done(visitId);
  expect(visit).toMatchObject({ outcome: "unknown", decided_at: 1 });
  expect(house.stages).toEqual(["notify"]);
});

it("goes on with the frames that were taken before a crash, and asks the camera for no others", async () => {
  await using house = await openHousehold(engine);
  await house.worker.stop();
  const visitId = await house.press({ scene: "resident" });
  const id = uuidv7(1);
  await house.vault.put({ owner: { kind: "visit", id: visitId }, id }, await photoOf("nobody"));
  await house.store.database.write(
    {
      name: "test.capture",
      run: (tx) =>
        tx
          .insertInto("capture")
          .values({
            ...{ id, visit_id: visitId, position: 0, taken_at: 1, media_type: "image/jpeg" },
            ...{ width: null, height: null, bytes: 1 },
          })
          .execute(),
    },
    undefined,
  );
  await house.startWorker();
  const { visit, captures } = await house.done(visitId);
  expect(visit).toMatchObject({ outcome: "no_face" });
  expect(captures).toMatchObject([{ id }]);
});

/** A port where nobody listens. */
async function freePort(): Promise<{ port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { port };
}
