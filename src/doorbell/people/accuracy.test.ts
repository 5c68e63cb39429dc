import { expect, it } from "vitest";
import { uuidv7 } from "../../lib/ids.ts";
import { seal } from "../../storage/envelope.ts";
import { insertVisit, type TestStore, testStore } from "../../testing/database.ts";
import { measureAccuracy } from "./accuracy.ts";
import { embeddingBytes, enrolmentContext } from "./embedding.ts";

const DAY_MS = 86_400_000;

const measure = (store: TestStore) => measureAccuracy(store, { matchDistance: 0.5, now: store.clock.now() });

/** Somebody enrolled with faces that differ in one number. */
async function enrol({ database, keys }: TestStore, ...firsts: number[]): Promise<string> {
  const personId = uuidv7(1);
  const key = await keys.ensure({ kind: "person", id: personId });
  const rows = firsts.map((first) => {
    const id = uuidv7(1);
    const face = Float32Array.from({ length: 128 }, (_, i) => (i === 0 ? first : 0));
    return {
      ...{ id, person_id: personId, kind: "like" as const, model: "m", source: "upload" },
      ...{ face_width: 100, face_id: null, created_at: 1 },
      embedding: seal(key, embeddingBytes(face), enrolmentContext(id)),
    };
  });
  const person = {
    id: personId,
    site_id: "home",
    name: key,
    watchlisted: 0,
    demonstration: 0,
    created_at: 1,
  };
  await database.write(
    {
      name: "test.enrol",
      async run(tx) {
        await tx.insertInto("person").values(person).execute();
        if (rows.length > 0) await tx.insertInto("enrolment").values(rows).execute();
      },
    },
    undefined,
  );
  return personId;
}

/** A visit at which a face was taken for somebody. */
async function named(store: TestStore, { corrected = 0, synthetic = 0 } = {}): Promise<void> {
  const visitId = await insertVisit(store);
  const captureId = uuidv7(1);
  await store.database.write(
    {
      name: "test.named",
      async run(tx) {
        await tx.updateTable("visit").set({ synthetic }).where("id", "=", visitId).execute();
        await tx
          .insertInto("capture")
          .values({
            ...{ id: captureId, visit_id: visitId, position: 0, taken_at: 1, media_type: "image/jpeg" },
            ...{ width: 1, height: 1, bytes: 1 },
          })
          .execute();
        await tx
          .insertInto("face")
          .values({
            ...{ id: uuidv7(1), visit_id: visitId, capture_id: captureId, position: 0 },
            ...{ x: 0, y: 0, width: 1, height: 1, score: 1, verdict: "named", person_id: uuidv7(1) },
            ...{ distance: 0.3, embedding: new Uint8Array(1), model: "m", corrected },
          })
          .execute();
      },
    },
    undefined,
  );
}

it("is not known while nobody corrected anything and nobody is enrolled twice", async () => {
  await using store = await testStore();
  await enrol(store, 0);
  await enrol(store, 1);
  await named(store);
  expect(await measure(store)).toBeNull();
});

it("is the share of enrolled faces whose nearest other one is of the same person, within the distance", async () => {
  await using store = await testStore();
  await enrol(store, 0, 0.3);
  // The second is nearer to the one below than to its own.
  await enrol(store, 1, 1.4);
  await enrol(store, 1.5);
  expect(await measure(store)).toEqual({ model: "m", source: "leave_one_out", percent: 75 });
});

it("counts two faces of one person that are too far apart as an error", async () => {
  await using store = await testStore();
  await enrol(store, 0, 0.6);
  expect(await measure(store)).toMatchObject({ percent: 0 });
});

it("is the share of named faces that stood, as soon as the household has corrected one", async () => {
  await using store = await testStore();
  await enrol(store, 0, 0.3);
  for (const corrected of [0, 0, 0, 1]) await named(store, { corrected });
  expect(await measure(store)).toEqual({ model: "m", source: "corrections", percent: 75 });
});

it("leaves out what is older than a month, and the synthetic visitor", async () => {
  await using store = await testStore();
  await named(store, { corrected: 1 });
  store.clock.advance(31 * DAY_MS);
  await named(store, { corrected: 1, synthetic: 1 });
  expect(await measure(store)).toBeNull();
  await named(store, { corrected: 1 });
  expect(await measure(store)).toMatchObject({ source: "corrections", percent: 0 });
});

it("does not count somebody whose key is gone", async () => {
  await using store = await testStore();
  const id = await enrol(store, 0, 0.3);
  await store.keys.destroy({ kind: "person", id });
  expect(await measure(store)).toBeNull();
});
