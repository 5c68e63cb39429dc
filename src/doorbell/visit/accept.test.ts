import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Database } from "../../storage/database.ts";
import { readEvents } from "../../storage/events.ts";
import { openKeyStore } from "../../storage/keys.ts";
import { fileVault } from "../../storage/vault.ts";
import { callInChild } from "../../testing/child.ts";
import { type TestStore, testStore } from "../../testing/database.ts";
import { noSmallDisk, smallDisk } from "../../testing/small-disk.ts";
import type { Press, PressReceipt } from "../hardware/triggers/trigger.ts";
import { visitIntake } from "./accept.ts";

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const frame = { bytes: Buffer.from("a picture"), mediaType: "image/jpeg", takenAt: 0 } as const;

type Over = Partial<Omit<Press, "key">> & { key?: string; request?: string };

/** The intake over a real database and vault. `press` presses at the front door, now. */
function intakeOf(
  store: TestStore,
  { database = store.database, folder = store.folder }: { database?: Database; folder?: string } = {},
) {
  const keys = openKeyStore(join(folder, "keys"), new Uint8Array(32).fill(7));
  const vault = fileVault(join(folder, "captures"), keys);
  const { clock } = store;
  const onPress = visitIntake(
    { lane: "blue", siteId: "home", debounceMs: () => 5_000, maxTries: () => 4 },
    { database, vault, clock, traceparent: () => TRACEPARENT },
  );
  const press = ({ key, request = "r", ...over }: Over = {}): Promise<PressReceipt> =>
    onPress({
      doorId: "front",
      source: "http",
      at: clock.now(),
      moment: clock.moment(),
      ...(key !== undefined && { key: { name: key, request } }),
      ...over,
    });
  const pictures = (): string[] => globSync(join(folder, "captures/**/*.*"));
  return { press, vault, pictures };
}

const visitsIn = ({ database }: TestStore) => database.read.selectFrom("visit").selectAll().execute();

/** A database whose writes wait until they are let go. */
function slow({ database }: TestStore) {
  const { promise, resolve: letGo } = Promise.withResolvers<void>();
  const held: Database = {
    ...database,
    write: async (...what) => promise.then(() => database.write(...what)),
  };
  return { database: held, letGo };
}

/** A database of which the next write fails. */
function failingOnce({ database }: TestStore): Database {
  let fails = true;
  return {
    ...database,
    async write(...what) {
      if (!fails) return database.write(...what);
      fails = false;
      throw new Error("disk full");
    },
  };
}

it("makes the visit, its work and its event one fact", async () => {
  await using store = await testStore();
  const { visitId, status } = await intakeOf(store).press({ scene: "resident" });
  expect(status).toBe("accepted");
  expect(await visitsIn(store)).toMatchObject([
    { id: visitId, state: "accepted", release: "blue", synthetic: 0, traceparent: TRACEPARENT },
  ]);
  const jobs = await store.database.read.selectFrom("job").selectAll().execute();
  expect(jobs).toMatchObject([{ id: visitId, kind: "visit", lane: "blue", priority: 0, max_tries: 4 }]);
  expect(JSON.parse(jobs[0]!.payload)).toEqual({ visitId, scene: "resident" });
  expect(await readEvents(store.database, 0)).toMatchObject([{ kind: "visit.accepted", subject: visitId }]);
});

it("marks a visit of the synthetic visitor", async () => {
  await using store = await testStore();
  await intakeOf(store).press({ source: "synthetic" });
  expect(await visitsIn(store)).toMatchObject([{ synthetic: 1 }]);
});

it("takes presses of one button within the debounce time for one visit", async () => {
  await using store = await testStore();
  const { press } = intakeOf(store);
  const first = await press();
  store.clock.advance(4_999);
  expect(await press()).toEqual({ visitId: first.visitId, status: "merged" });
  store.clock.advance(1);
  expect(await press()).toMatchObject({ status: "accepted" });
  expect(await visitsIn(store)).toHaveLength(2);
});

it("merges into a press that is still on its way to the disk, and answers only when that is there", async () => {
  await using store = await testStore();
  const { database, letGo } = slow(store);
  const { press } = intakeOf(store, { database });
  const answers: PressReceipt[] = [];
  const both = Promise.all([press(), press()].map((one) => one.then((receipt) => answers.push(receipt))));
  await new Promise((resolve) => setImmediate(resolve));
  expect(answers).toEqual([]);
  letGo();
  await both;
  expect(answers.map(({ status }) => status).sort()).toEqual(["accepted", "merged"]);
  expect(new Set(answers.map(({ visitId }) => visitId)).size).toBe(1);
  expect(await visitsIn(store)).toHaveLength(1);
});

it("tells buttons and doors apart", async () => {
  await using store = await testStore();
  await store.database.write(
    {
      name: "test.door",
      run: (tx) =>
        tx.insertInto("door").values({ id: "back", site_id: "home", name: "Back door", active: 1 }).execute(),
    },
    undefined,
  );
  const { press } = intakeOf(store);
  for (const over of [{}, { button: "left" }, { button: "right" }, { doorId: "back" }]) {
    expect(await press(over)).toMatchObject({ status: "accepted" });
  }
});

it("debounces on the monotonic clock: a clock set back an hour changes nothing", async () => {
  await using store = await testStore();
  const { press } = intakeOf(store);
  const first = await press();
  store.clock.setWall(store.clock.now() - 3_600_000);
  expect(await press()).toEqual({ visitId: first.visitId, status: "merged" });
  store.clock.advance(5_000);
  expect(await press()).toMatchObject({ status: "accepted" });
});

it("has nothing to merge into after a press that failed", async () => {
  await using store = await testStore();
  const { press } = intakeOf(store, { database: failingOnce(store) });
  await expect(press()).rejects.toThrow("disk full");
  expect(await press()).toMatchObject({ status: "accepted" });
});

it("knows a press again by its key, at any time and in another process", async () => {
  await using store = await testStore();
  const first = await intakeOf(store).press({ key: "k" });
  store.clock.advance(3_600_000);
  const later = intakeOf(store);
  expect(await later.press({ key: "k" })).toEqual({ visitId: first.visitId, status: "repeated" });
  expect(await visitsIn(store)).toHaveLength(1);
});

it("knows a press again by its key while the first is on its way", async () => {
  await using store = await testStore();
  const { press } = intakeOf(store);
  const [first, second] = await Promise.all([press({ key: "k" }), press({ key: "k" })]);
  expect(second).toEqual({ visitId: first.visitId, status: "repeated" });
});

it("knows a press again by its key within the debounce time of another", async () => {
  await using store = await testStore();
  const { press } = intakeOf(store);
  const first = await press({ key: "k" });
  store.clock.advance(60_000);
  await press({ key: "other" });
  expect(await press({ key: "k" })).toEqual({ visitId: first.visitId, status: "repeated" });
});

it("does not take a new visitor for the press that was just repeated", async () => {
  await using store = await testStore();
  const { press } = intakeOf(store);
  const first = await press({ key: "k" });
  store.clock.advance(60_000);
  const [repeated, pushed] = await Promise.all([press({ key: "k" }), press()]);
  expect(repeated).toEqual({ visitId: first.visitId, status: "repeated" });
  expect(pushed.status).toBe("accepted");
});

it("goes on debouncing after a press was repeated", async () => {
  await using store = await testStore();
  const { press } = intakeOf(store);
  const first = await press({ key: "k" });
  await press({ key: "k" });
  expect(await press()).toEqual({ visitId: first.visitId, status: "merged" });
});

it("refuses a key that belongs to a different request, and keeps nothing of it", async () => {
  await using store = await testStore();
  const { press, pictures } = intakeOf(store);
  await press({ key: "k" });
  const other = press({ key: "k", request: "other", frame });
  await expect(other).rejects.toMatchObject({ code: "idempotency_key_reused", retryable: false });
  expect(await visitsIn(store)).toHaveLength(1);
  expect(pictures()).toEqual([]);
});

it("has the picture that came along in the vault before the visit is there", async () => {
  await using store = await testStore();
  const { database, letGo } = slow(store);
  const { press, vault, pictures } = intakeOf(store, { database });
  const receipt = press({ frame });
  await expect.poll(pictures).toHaveLength(1);
  expect(await visitsIn(store)).toEqual([]);
  letGo();
  const { visitId } = await receipt;
  const capture = await store.database.read.selectFrom("capture").selectAll().executeTakeFirstOrThrow();
  expect(capture).toMatchObject({ visit_id: visitId, position: 0, media_type: "image/jpeg", bytes: 9 });
  const kept = await vault.get({ owner: { kind: "visit", id: visitId }, id: capture.id });
  expect(Buffer.from(kept!).toString()).toBe("a picture");
});

it("keeps one picture of a press with a picture that is repeated", async () => {
  await using store = await testStore();
  const { press, pictures } = intakeOf(store);
  await press({ key: "k", frame });
  expect(await press({ key: "k", frame })).toMatchObject({ status: "repeated" });
  expect(pictures()).toHaveLength(1);
});

it("keeps no picture of a press that became no visit", async () => {
  await using store = await testStore();
  const { press, pictures } = intakeOf(store, { database: failingOnce(store) });
  await expect(press({ frame })).rejects.toThrow("disk full");
  expect(pictures()).toEqual([]);
});

it.skipIf(noSmallDisk)("makes no visit and leaves nothing half when the disk is full", async () => {
  await using store = await testStore();
  using disk = smallDisk(1024);
  const { press, pictures } = intakeOf(store, { folder: disk.folder });
  await press({ frame });
  store.clock.advance(60_000);
  const before = pictures();
  const free = disk.fill();
  await expect(press({ frame })).rejects.toMatchObject({ code: "storage_full", retryable: true });
  expect(await visitsIn(store)).toHaveLength(1);
  expect(pictures()).toEqual(before);
  free();
  expect(await press({ frame })).toMatchObject({ status: "accepted" });
});

it.each([
  ["storage.before-commit", 0],
  ["storage.after-commit", 1],
])("leaves a whole visit or none after a kill at %s", async (place, visits) => {
  await using store = await testStore();
  const died = await callInChild({
    module: new URL("./accept.fixture.ts", import.meta.url),
    name: "pressOnce",
    args: [store.folder, store.path],
    env: { DOORBELL_FAILPOINTS: place },
  });
  expect(died).toMatchObject({ signal: "SIGKILL", lines: [] });
  expect(await visitsIn(store)).toHaveLength(visits);
  for (const table of ["job", "capture", "event"] as const) {
    expect(await store.database.read.selectFrom(table).selectAll().execute()).toHaveLength(visits);
  }
  expect(existsSync(join(store.folder, "captures"))).toBe(true);
});
