import { join } from "node:path";
import { expect, it } from "vitest";
import { uuidv7 } from "../../lib/ids.ts";
import type { Act } from "../../storage/database.ts";
import { seal } from "../../storage/envelope.ts";
import { appendEvent } from "../../storage/events.ts";
import type { EnrolmentTable } from "../../storage/schema.ts";
import { fileVault } from "../../storage/vault.ts";
import { startCall } from "../../testing/child.ts";
import { type TestStore, testStore } from "../../testing/database.ts";
import { embeddingBytes, enrolmentContext } from "./embedding.ts";
import { openGalleries } from "./gallery-keeper.ts";
import { type By, createPerson } from "./library.ts";
import { openPeople } from "./people.ts";

const by: By = { actor: "user:test", origin: "-", at: 1 };

/** A face that is `first` in its first number. */
function face(first: number): Float32Array {
  const embedding = new Float32Array(128);
  embedding[0] = first;
  return embedding;
}

const insertEnrolment: Act<EnrolmentTable, void> = {
  name: "test.enrol",
  async run(tx, row) {
    await tx.insertInto("enrolment").values(row).execute();
    await appendEvent(tx, { kind: "person.enrolled", subject: row.person_id, at: 1 });
  },
};

function libraryOf(store: TestStore) {
  const { database, keys } = store;
  const people = openPeople(
    { siteId: "home", lane: "blue" },
    { ...store, vault: fileVault(join(store.folder, "captures"), keys) },
  );
  const enrol = async (personId: string, embedding: Float32Array, over: Partial<EnrolmentTable> = {}) => {
    const id = uuidv7(1);
    const key = await keys.ensure({ kind: "person", id: personId });
    await database.write(insertEnrolment, {
      ...{ id, person_id: personId, kind: "like", model: "m", source: "upload", face_width: 100 },
      ...{ face_id: null, created_at: 1, ...over },
      embedding: seal(key, embeddingBytes(embedding), enrolmentContext(id)),
    });
  };
  const open = () =>
    openGalleries("m", {
      database,
      keys,
      onError: (error) => {
        throw error;
      },
    });
  return { people, enrol, open };
}

it("finds who is nearest among those enrolled before and after it was opened", async () => {
  await using store = await testStore();
  const { people, enrol, open } = libraryOf(store);
  const first = await people.create({ name: "First" }, by);
  await enrol(first, face(0));
  const galleries = await open();
  expect((await galleries.nearestIn("home"))(face(0.4))).toEqual({
    personId: first,
    watchlisted: false,
    distance: expect.closeTo(0.4, 5),
  });
  const second = await people.create({ name: "Second", watchlisted: true }, by);
  await enrol(second, face(0.5));
  expect((await galleries.nearestIn("home"))(face(0.4))).toMatchObject({
    personId: second,
    watchlisted: true,
  });
  await galleries.close();
});

it("follows who is put on the watchlist and who is taken off", async () => {
  await using store = await testStore();
  const { people, enrol, open } = libraryOf(store);
  const id = await people.create({ name: "Somebody" }, by);
  await enrol(id, face(0));
  const galleries = await open();
  for (const watchlisted of [true, false]) {
    await people.setWatchlisted(id, watchlisted, by);
    expect((await galleries.nearestIn("home"))(face(0))).toMatchObject({ watchlisted });
  }
  await galleries.close();
});

it("rules a person out for a face that is nearer to a correction", async () => {
  await using store = await testStore();
  const { people, enrol, open } = libraryOf(store);
  const id = await people.create({ name: "Somebody" }, by);
  await enrol(id, face(0));
  await enrol(id, face(0.4), { kind: "unlike", source: "correction" });
  const galleries = await open();
  const nearest = await galleries.nearestIn("home");
  expect(nearest(face(0.1))).toMatchObject({ personId: id });
  expect(nearest(face(0.3))).toBeNull();
  await galleries.close();
});

it("never matches across sites", async () => {
  await using store = await testStore();
  const { people, enrol, open } = libraryOf(store);
  await enrol(await people.create({ name: "At home" }, by), face(0));
  const galleries = await open();
  expect((await galleries.nearestIn("elsewhere"))(face(0))).toBeNull();
  await galleries.close();
});

it("leaves faces of another model out, and people whose key is gone", async () => {
  await using store = await testStore();
  const { people, enrol, open } = libraryOf(store);
  await enrol(await people.create({ name: "Older" }, by), face(0), { model: "m-1" });
  const erased = await people.create({ name: "Erased" }, by);
  await enrol(erased, face(0));
  await store.keys.destroy({ kind: "person", id: erased });
  const galleries = await open();
  expect((await galleries.nearestIn("home"))(face(0))).toBeNull();
  await galleries.close();
});

it("keeps up with more changes at once than one page of the bus", async () => {
  await using store = await testStore();
  const { enrol, open } = libraryOf(store);
  const galleries = await open();
  const ids = Array.from({ length: 250 }, (_, n) => uuidv7(n));
  for (const id of ids) {
    const key = await store.keys.ensure({ kind: "person", id });
    const person = { id, siteId: "home", sealedName: key, watchlisted: false, demonstration: false };
    await store.database.write(createPerson, { by, person });
  }
  await enrol(ids.at(-1)!, face(1));
  expect((await galleries.nearestIn("home"))(face(1))).toMatchObject({ personId: ids.at(-1), distance: 0 });
  await galleries.close();
});

it("forgets an erased person at once, in another process too", async () => {
  await using store = await testStore();
  const { people, enrol } = libraryOf(store);
  const [stays, goes] = [
    await people.create({ name: "Stays" }, by),
    await people.create({ name: "Goes" }, by),
  ];
  await enrol(stays, face(1));
  await using other = startCall({
    module: new URL("./gallery-keeper.fixture.ts", import.meta.url),
    name: "askForEver",
    args: [store.path, join(store.folder, "keys"), "m", [...face(0)]],
  });
  await other.line(stays);
  await enrol(goes, face(0.1));
  await other.line(goes);
  await people.setWatchlisted(goes, true, by);
  await other.line(`${goes} watchlisted`);
  await people.remove(goes, by);
  await people.remove(stays, by);
  await other.line("nobody");
});
