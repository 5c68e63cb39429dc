import { join } from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { startCall } from "../../testing/child.ts";
import { testStore } from "../../testing/database.ts";
import { temporaryFolder } from "../../testing/guard.ts";
import { noSmallDisk, smallDisk } from "../../testing/small-disk.ts";
import type { Act, CommitFigures, Tx } from "../database.ts";
import { migrate } from "../migrate.ts";
import { type Connection, openConnection } from "./connection.ts";
import { GroupCommit } from "./group-commit.ts";

type Outcome = { result: unknown } | { error: unknown };

/** A group commit on a new database, whose acts are plain functions. */
function group({ folder = temporaryFolder(), lockPatienceMs = 10_000, longestTransactionMs = 10_000 } = {}) {
  const path = join(folder, "doorbell.db");
  const connection = openConnection(path, { readOnly: false });
  migrate(connection, systemClock(), join(folder, "before.db"));
  const commits: CommitFigures[] = [];
  const told: string[] = [];
  const writer = new GroupCommit(connection, (cost) => commits.push(cost), {
    lockPatienceMs,
    longestTransactionMs,
  });
  const write = (name: string, run: Act<void, unknown>["run"]): Promise<Outcome> =>
    new Promise((resolve) => {
      const settle = (outcome: Outcome): void => {
        told.push(name);
        resolve(outcome);
      };
      writer.submit({ act: { name, run }, args: undefined, settle });
    });
  return {
    path,
    connection,
    commits,
    told,
    write,
    idle: () => writer.idle(),
    memos: () => connection.all("select key from memo order by rowid", []).map(({ key }) => key),
    [Symbol.dispose]: () => connection.close(),
  };
}

const insert = (tx: Tx, key: string, bytes = 1) =>
  tx
    .insertInto("memo")
    .values({ key, value: "x".repeat(bytes) })
    .execute();

/** Lets the database grow by so many pages of 4 KiB and no more. */
function limitGrowth(connection: Connection, pages: number): void {
  const used = Number(connection.all("pragma page_count", [])[0]?.page_count);
  connection.exec(`pragma max_page_count = ${used + pages}`);
}

const full = { error: expect.objectContaining({ code: "storage_full", retryable: true }) };
const done = { result: expect.anything() };

it("lets acts that arrive together share one commit, and tells them in order", async () => {
  using it = group();
  const names = ["a", "b", "c", "d"];
  const outcomes = await Promise.all(names.map((name) => it.write(name, (tx) => insert(tx, name))));
  expect(outcomes).toEqual([done, done, done, done]);
  expect(it.told).toEqual(names);
  expect(it.memos()).toEqual(names);
  expect(it.commits.map(({ acts }) => acts)).toEqual([4]);
});

it("tells nobody before the commit", async () => {
  using it = group();
  const seen: string[][] = [];
  const look = async () => void seen.push([...it.told]);
  await Promise.all([it.write("a", (tx) => insert(tx, "a")), it.write("b", look), it.write("c", look)]);
  expect(seen).toEqual([[], []]);
});

it("ends a transaction after a few milliseconds and goes on in another", async () => {
  using it = group({ longestTransactionMs: 4 });
  const slow = async (tx: Tx, name: string): Promise<void> => {
    for (const until = performance.now() + 2; performance.now() < until; );
    await insert(tx, name);
  };
  await Promise.all(Array.from({ length: 10 }, (_, at) => it.write(`${at}`, (tx) => slow(tx, `${at}`))));
  expect(Math.max(...it.commits.map(({ acts }) => acts))).toBeLessThanOrEqual(2);
  expect(it.memos()).toHaveLength(10);
});

it("tells nobody success when SQLite rolls back on a full disk in the middle of a group", async () => {
  using it = group();
  limitGrowth(it.connection, 4);
  const outcomes = await Promise.all([
    it.write("small", (tx) => insert(tx, "small")),
    it.write("big", (tx) => insert(tx, "big", 100_000)),
    it.write("later", (tx) => insert(tx, "later")),
  ]);
  expect(outcomes.slice(0, 2)).toEqual([full, full]);
  expect(it.memos()).toEqual(["later"]);
  expect(outcomes[2]).toEqual(done);
});

it("loses the group also when the act that filled the disk hides it", async () => {
  using it = group();
  limitGrowth(it.connection, 4);
  const hiding = async (tx: Tx): Promise<void> => {
    await insert(tx, "big", 100_000).catch(() => {});
    await insert(tx, "after the end").catch(() => {});
  };
  const outcomes = await Promise.all([
    it.write("small", (tx) => insert(tx, "small")),
    it.write("hiding", hiding),
  ]);
  for (const outcome of outcomes) expect(outcome).toHaveProperty("error");
  expect(it.memos()).toEqual([]);
});

it.skipIf(noSmallDisk)(
  "keeps nothing of a group whose commit fails on a full disk, and works when there is room",
  async () => {
    using disk = smallDisk(1_024);
    using it = group({ folder: disk.folder });
    const free = disk.fill();
    const three = () =>
      Promise.all(["a", "b", "c"].map((name) => it.write(name, (tx) => insert(tx, name, 20_000))));
    expect(await three()).toEqual([full, full, full]);
    expect(it.memos()).toEqual([]);
    expect(it.commits).toEqual([]);
    free();
    expect(await three()).toEqual([done, done, done]);
    expect(it.memos()).toEqual(["a", "b", "c"]);
  },
);

it("tells all that wait when another process holds the lock too long, and works when it is free", async () => {
  using it = group({ lockPatienceMs: 20 });
  await using holder = startCall({
    module: new URL("./connection.fixture.ts", import.meta.url),
    name: "holdLock",
    args: [it.path, 60_000],
  });
  await holder.line("held");
  const locked = { error: expect.objectContaining({ code: "storage_locked", retryable: true }) };
  const two = () => Promise.all(["a", "b"].map((name) => it.write(name, (tx) => insert(tx, name))));
  expect(await two()).toEqual([locked, locked]);
  holder.kill();
  await holder.ended;
  expect(await two()).toEqual([done, done]);
});

it("waits for another process that holds the lock shortly, and counts it", async () => {
  using it = group();
  await using holder = startCall({
    module: new URL("./connection.fixture.ts", import.meta.url),
    name: "holdLock",
    args: [it.path, 100],
  });
  await holder.line("held");
  expect(await it.write("a", (tx) => insert(tx, "a"))).toEqual(done);
  expect(it.commits[0]?.busyWaits).toBe(1);
});

it("refuses a statement that comes after its transaction", async () => {
  using it = group();
  let kept: Tx | undefined;
  await it.write("a", async (tx) => {
    kept = tx;
  });
  await it.idle();
  await expect(insert(kept!, "stray")).rejects.toThrow("its transaction is over");
  expect(it.memos()).toEqual([]);
});

it("is idle when all that was submitted is told", async () => {
  using it = group();
  await it.idle();
  void it.write("a", (tx) => insert(tx, "a"));
  void it.write("b", (tx) => insert(tx, "b"));
  await it.idle();
  expect(it.told).toEqual(["a", "b"]);
});

it("gives acts a transaction that they cannot end themselves", async () => {
  await using store = await testStore();
  const own = { name: "own", run: (tx: Tx) => tx.transaction().execute(async () => {}) };
  await expect(store.database.write(own, undefined)).rejects.toMatchObject({ code: "storage_failed" });
});
