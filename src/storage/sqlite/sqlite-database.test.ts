import { join } from "node:path";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { callInChild } from "../../testing/child.ts";
import { type TestStore, testStore } from "../../testing/database.ts";
import { temporaryFolder } from "../../testing/guard.ts";
import type { CommitFigures, StorageError } from "../database.ts";
import { openSqlite } from "./sqlite-database.ts";
import { endThread, failNote, makeNote, oddNote } from "./writer.fixture.ts";

const fixture = new URL("./writer.fixture.ts", import.meta.url);
const entry = new URL("./writer-entry.fixture.ts", import.meta.url);

/** Ids of the notes in the database, in their order; fails when one is torn. */
async function notesIn({ database }: Pick<TestStore, "database">): Promise<string[]> {
  const rows = await database.read.selectFrom("memo").select("key").orderBy(sql`rowid`).execute();
  const events = await database.read.selectFrom("event").select("subject").orderBy("seq").execute();
  const ids = rows.map(({ key }) => key);
  expect(events.map(({ subject }) => subject)).toEqual(ids);
  return ids;
}

const outcomes = async (writes: Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(writes)).map((it) => (it.status === "fulfilled" ? "made" : it.reason.code));

describe.each([
  ["on this thread", "inline" as const],
  ["in a thread", entry],
])("a database written %s", (_, writer) => {
  it("has durably happened when the write resolves", async () => {
    await using store = await testStore(writer);
    await store.database.write(makeNote, { id: "a" });
    await using another = openAnother(store.path);
    expect(await notesIn(another)).toEqual(["a"]);
  });

  it("keeps the order in which acts were sent", async () => {
    await using store = await testStore(writer);
    const ids = Array.from({ length: 500 }, (_, at) => `note-${at}`);
    await Promise.all(ids.map((id) => store.database.write(makeNote, { id })));
    expect(await notesIn(store)).toEqual(ids);
  });

  it("lets each act fail alone, and tells why", async () => {
    await using store = await testStore(writer);
    const { database } = store;
    const told = await outcomes([
      database.write(makeNote, { id: "a" }),
      database.write(failNote, { id: "b", how: "ours" }),
      database.write(makeNote, { id: "c" }),
      database.write(failNote, { id: "d", how: "alien" }),
      database.write(failNote, { id: "e", how: "twice" }),
      database.write(makeNote, { id: "a" }),
      database.write(makeNote, { id: "f" }),
    ]);
    const failed = "storage_constraint";
    expect(told).toEqual(["made", "note_refused", "made", "storage_failed", failed, failed, "made"]);
    expect(await notesIn(store)).toEqual(["a", "c", "f"]);
  });

  it("brings an error across with its message, code, hint and whether to try again", async () => {
    await using store = await testStore(writer);
    await expect(store.database.write(failNote, { id: "a", how: "ours" })).rejects.toMatchObject({
      name: "StorageError",
      message: "make note: refused",
      code: "note_refused",
      hint: "Ask again.",
      retryable: true,
    });
    await expect(store.database.write(failNote, { id: "a", how: "twice" })).rejects.toMatchObject({
      message: expect.stringMatching(/^note\.fail: UNIQUE constraint failed: memo\.key/),
      retryable: false,
    });
  });

  it("gives acts and callers copies of plain data", async () => {
    await using store = await testStore(writer);
    const sent = { id: "a", bytes: Uint8Array.of(1, 2) };
    const written = store.database.write(makeNote, sent);
    sent.bytes[0] = 9;
    expect(await written).toEqual({ id: "a", bytes: Uint8Array.of(1, 2) });
  });

  it("refuses what is no plain data, and harms nobody else", async () => {
    await using store = await testStore(writer);
    const { database } = store;
    const odd = { id: "b", bytes: (() => 1) as unknown as Uint8Array };
    const [made, refused, strange, other] = await Promise.allSettled([
      database.write(makeNote, { id: "a" }),
      database.write(makeNote, odd),
      database.write(oddNote, { id: "c" }),
      database.write(makeNote, { id: "d" }),
    ]);
    expect([made.status, refused.status, strange.status, other.status]).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    await database.write(makeNote, { id: "e" });
  });

  it("finishes what it was given before it closes, and refuses what comes later", async () => {
    await using store = await testStore(writer);
    const early = Array.from({ length: 50 }, (_, at) =>
      store.database.write(makeNote, { id: `early-${at}` }),
    );
    const closed = Promise.all([store.database.close(), store.database.close()]);
    const late = store.database.write(makeNote, { id: "late" });
    await expect(late).rejects.toMatchObject({ code: "storage_closed", retryable: true });
    await closed;
    await Promise.all(early);
    await using another = openAnother(store.path);
    expect(await notesIn(another)).toHaveLength(50);
  });

  it("tells what each commit cost", async () => {
    await using store = await testStore();
    const figures: CommitFigures[] = [];
    const database = openSqlite({ path: store.path, writer }, { onCommit: (cost) => figures.push(cost) });
    await Promise.all(Array.from({ length: 30 }, (_, at) => database.write(makeNote, { id: `note-${at}` })));
    await database.close();
    expect(figures.reduce((sum, { acts }) => sum + acts, 0)).toBe(30);
    expect(figures.length).toBeLessThan(30);
    for (const { durationMs, busyWaits } of figures) {
      expect(durationMs).toBeGreaterThan(0);
      expect(busyWaits).toBe(0);
    }
  });

  it.each(["before", "after"])(
    "keeps whole acts, and all that was answered, when it dies %s a commit",
    async (when) => {
      await using store = await testStore();
      const { signal, lines } = await callInChild({
        module: fixture,
        name: "makeNotes",
        args: [store.path, writer === "inline" ? null : entry.href, 100],
        env: { DOORBELL_FAILPOINTS: `storage.${when}-commit=3` },
      });
      expect(signal).toBe("SIGKILL");
      const found = await notesIn(store);
      expect(found.length).toBeGreaterThan(0);
      expect(found).toEqual(expect.arrayContaining([...lines]));
      if (when === "after") expect(found.length).toBeGreaterThan(lines.length);
      // From a thread the last answers may still have been on their way.
      else if (writer === "inline") expect(found).toEqual(lines);
    },
  );
});

function openAnother(path: string) {
  const database = openSqlite({ path, writer: "inline" });
  return { database, [Symbol.asyncDispose]: () => database.close() };
}

it("rejects all that waits when the writer thread dies, tells its process, and keeps nothing half", async () => {
  await using store = await testStore();
  const lost: StorageError[] = [];
  const database = openSqlite({ path: store.path, writer: entry }, { onLost: (error) => lost.push(error) });
  await database.write(makeNote, { id: "a" });
  const told = await outcomes([
    database.write(makeNote, { id: "b" }),
    database.write(endThread, { id: "c" }),
    database.write(makeNote, { id: "d" }),
  ]);
  expect(told).toEqual(["storage_closed", "storage_closed", "storage_closed"]);
  await expect(database.write(makeNote, { id: "e" })).rejects.toMatchObject({ code: "storage_closed" });
  expect(lost).toMatchObject([{ code: "storage_closed", retryable: true }]);
  expect(await notesIn(store)).toEqual(["a"]);
  await database.close();
});

it("tells what kept the writer thread from starting", async () => {
  await using store = await testStore();
  const nowhere = new URL("./nowhere.ts", import.meta.url);
  const database = openSqlite({ path: store.path, writer: nowhere });
  await expect(database.write(makeNote, { id: "a" })).rejects.toMatchObject({
    code: "storage_closed",
    message: expect.stringContaining("nowhere.ts"),
  });
  await database.close();
});

it("does not call a thread lost that was asked to close", async () => {
  await using store = await testStore();
  const lost: StorageError[] = [];
  const database = openSqlite({ path: store.path, writer: entry }, { onLost: (error) => lost.push(error) });
  await database.close();
  expect(lost).toEqual([]);
});

it("refuses an act that the writer thread does not know", async () => {
  await using store = await testStore(entry);
  const stranger = { name: "note.burn", run: async () => {} };
  await expect(store.database.write(stranger, undefined)).rejects.toMatchObject({
    code: "storage_failed",
    message: "write: no act is called note.burn",
  });
});

it("says why it cannot open, and leaves no thread behind", () => {
  const path = join(temporaryFolder(), "missing", "doorbell.db");
  expect(() => openSqlite({ path, writer: entry })).toThrow(
    expect.objectContaining({ code: "storage_denied" }),
  );
});

it("reads, and never writes by reading", async () => {
  await using store = await testStore();
  const written = store.database.read.insertInto("memo").values({ key: "a", value: "1" }).execute();
  await expect(written).rejects.toMatchObject({ name: "StorageError", code: "storage_denied" });
});

it("reads a snapshot of whole commits while another process writes", async () => {
  await using store = await testStore();
  const child = callInChild({ module: fixture, name: "makeNotes", args: [store.path, null, 300] });
  let ended = false;
  void child.then(() => {
    ended = true;
  });
  while (!ended) {
    const counts = sql<{ memos: number; events: number }>`
      select (select count(*) from memo) as memos, (select count(*) from event) as events`;
    const { memos, events } = (await counts.execute(store.database.read)).rows[0]!;
    expect(memos).toBe(events);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await child).code).toBe(0);
});

it("hears of its own commits and of those of other processes, until it stops listening", async () => {
  await using store = await testStore();
  let heard = 0;
  const heardMore = async (than: number): Promise<void> => {
    while (heard <= than) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const stop = store.database.onCommit(() => {
    heard++;
  });
  await store.database.write(makeNote, { id: "own" });
  await heardMore(0);
  const before = heard;
  await callInChild({ module: fixture, name: "makeNotes", args: [store.path, null, 10] });
  await heardMore(before);
  stop();
  const last = heard;
  await store.database.write(makeNote, { id: "unheard" });
  expect(heard).toBe(last);
});
