import { expect, it } from "vitest";
import { uuidv7 } from "../../lib/ids.ts";
import type { LeasedJob } from "../../queue/queue.ts";
import { enqueue, sqliteQueue } from "../../queue/sqlite-queue.ts";
import type { Act } from "../../storage/database.ts";
import { readEvents } from "../../storage/events.ts";
import { insertVisit, type TestStore, testStore } from "../../testing/database.ts";
import { type DecisionRecord, finishVisit, recordCapture, recordDecision } from "./progress.ts";

const thresholds = {
  minFaceWidthPx: 64,
  matchDistance: 0.5,
  watchlistDistance: 0.45,
  watchlistSingleDistance: 0.4,
};

/** A visit whose job is leased. */
async function leasedVisit(store: TestStore): Promise<{ visitId: string; hold: LeasedJob; lose(): void }> {
  const visitId = await insertVisit(store);
  const { database, clock } = store;
  const when = { lane: "blue", at: clock.now(), moment: clock.moment() };
  const work = { kind: "visit", priority: 0, payload: {}, payloadVersion: 1, maxTries: 3 };
  await database.write(
    { name: "test.enqueue", run: (tx) => enqueue(tx, { id: visitId, ...work }, when) },
    undefined,
  );
  const queue = sqliteQueue(
    { lane: "blue", holder: "w", leaseMs: 1_000, backoff: { firstMs: 1, maxMs: 1 } },
    store,
  );
  const [hold] = await queue.lease(["visit"], 1);
  return { visitId, hold: hold!, lose: () => clock.advance(1_001) };
}

function captureOf(visitId: string, store: TestStore, position = 0) {
  return {
    id: uuidv7(store.clock.now()),
    visit_id: visitId,
    position,
    taken_at: store.clock.now(),
    media_type: "image/jpeg",
    width: null,
    height: null,
    bytes: 3,
  };
}

function decisionOf(visitId: string, captureId: string, outcome: "known" | "unknown" = "known") {
  const personId = outcome === "known" ? uuidv7(0) : null;
  const face = {
    ...{ id: uuidv7(1), visit_id: visitId, capture_id: captureId, position: 0 },
    ...{ x: 1, y: 2, width: 100, height: 120, score: 0.9 },
    ...{ verdict: "named", person_id: personId, distance: 0.3, embedding: new Uint8Array(4), model: "m" },
  };
  const record: DecisionRecord = {
    visitId,
    decision: { outcome, personId, distance: 0.3, evidence: "single", reason: null },
    thresholds,
    model: "m",
    frames: [{ captureId, width: 640, height: 480 }],
    faces: [face],
  };
  return record;
}

/** `finishVisit` as an act of its own. */
const finish: Act<Parameters<typeof finishVisit>[1], void> = { name: "test.finish", run: finishVisit };

const visitOf = ({ database }: TestStore, id: string) =>
  database.read.selectFrom("visit").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

const kindsOf = async ({ database }: TestStore) => (await readEvents(database, 0)).map(({ kind }) => kind);

it("goes from accepted to done, each step with its event", async () => {
  await using store = await testStore();
  const { database, clock } = store;
  const { visitId, hold } = await leasedVisit(store);
  const capture = captureOf(visitId, store);
  await database.write(recordCapture, { hold, capture });
  expect(await visitOf(store, visitId)).toMatchObject({ state: "captured" });
  const record = decisionOf(visitId, capture.id);
  await database.write(recordDecision, { hold, at: clock.now(), record });
  expect(await visitOf(store, visitId)).toMatchObject({
    state: "decided",
    outcome: "known",
    person_id: record.decision.personId,
    decided_at: clock.now(),
  });
  expect(await database.read.selectFrom("capture").selectAll().execute()).toMatchObject([
    { width: 640, height: 480 },
  ]);
  await database.write(finish, { hold, visitId, at: clock.now(), dead: null });
  expect(await visitOf(store, visitId)).toMatchObject({ state: "done" });
  expect(await database.read.selectFrom("job").selectAll().execute()).toEqual([]);
  expect(await kindsOf(store)).toEqual(["visit.decided", "visit.done"]);
});

it("says a decision once, however often it is recorded", async () => {
  await using store = await testStore();
  const { database, clock } = store;
  const { visitId, hold } = await leasedVisit(store);
  const capture = captureOf(visitId, store);
  await database.write(recordCapture, { hold, capture });
  await database.write(recordCapture, { hold, capture });
  await database.write(recordDecision, { hold, at: clock.now(), record: decisionOf(visitId, capture.id) });
  const again = decisionOf(visitId, capture.id, "unknown");
  await database.write(recordDecision, { hold, at: clock.now() + 1, record: again });
  expect(await visitOf(store, visitId)).toMatchObject({ outcome: "known", decided_at: clock.now() });
  expect(await database.read.selectFrom("face").select("id").execute()).toHaveLength(1);
  expect(await kindsOf(store)).toEqual(["visit.decided"]);
});

it("keeps the frame that was first at its place", async () => {
  await using store = await testStore();
  const { visitId, hold } = await leasedVisit(store);
  const first = captureOf(visitId, store);
  await store.database.write(recordCapture, { hold, capture: first });
  await store.database.write(recordCapture, { hold, capture: captureOf(visitId, store) });
  const kept = await store.database.read.selectFrom("capture").select("id").execute();
  expect(kept).toEqual([{ id: first.id }]);
});

it("changes nothing for a worker that has lost its lease to another", async () => {
  await using store = await testStore();
  const { database, clock } = store;
  const { visitId, hold, lose } = await leasedVisit(store);
  const capture = captureOf(visitId, store);
  await database.write(recordCapture, { hold, capture });
  lose();
  const other = sqliteQueue(
    { lane: "blue", holder: "other", leaseMs: 1_000, backoff: { firstMs: 1, maxMs: 1 } },
    store,
  );
  await other.lease(["visit"], 1);
  const at = clock.now();
  const late = [
    database.write(recordCapture, { hold, capture: captureOf(visitId, store, 1) }),
    database.write(recordDecision, { hold, at, record: decisionOf(visitId, capture.id) }),
    database.write(finish, { hold, visitId, at, dead: null }),
    database.write(finish, { hold, visitId, at, dead: "broken" }),
  ];
  for (const write of late) await expect(write).rejects.toMatchObject({ code: "lease_lost" });
  expect(await visitOf(store, visitId)).toMatchObject({ state: "captured", outcome: null });
  expect(await database.read.selectFrom("capture").select("id").execute()).toHaveLength(1);
  expect(await kindsOf(store)).toEqual([]);
});

it("ends a visit among the dead letters with its reason", async () => {
  await using store = await testStore();
  const { database, clock } = store;
  const { visitId, hold } = await leasedVisit(store);
  await database.write(finish, { hold, visitId, at: clock.now(), dead: "read photo: it is broken" });
  expect(await visitOf(store, visitId)).toMatchObject({ state: "done" });
  expect(await database.read.selectFrom("job").selectAll().execute()).toMatchObject([
    { id: visitId, state: "dead", last_error: "read photo: it is broken", lease: null },
  ]);
  const [said] = await readEvents(database, 0);
  expect(said).toMatchObject({ kind: "visit.done", payload: { dead: "read photo: it is broken" } });
});
