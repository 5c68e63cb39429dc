import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { callInChild, startCall } from "../../testing/child.ts";
import { temporaryFolder } from "../../testing/guard.ts";
import { type Connection, openConnection } from "./connection.ts";

const fixture = new URL("./connection.fixture.ts", import.meta.url);

/** A connection to a new database with one table `turn (id, name)`. */
function opened() {
  const path = join(temporaryFolder(), "doorbell.db");
  const connection = openConnection(path, { readOnly: false });
  connection.exec("create table turn (id integer primary key, name text not null) strict");
  const another = (readOnly = false) => openConnection(path, { readOnly });
  return { path, connection, another, [Symbol.dispose]: () => connection.close() };
}

const pragma = (connection: Connection, name: string): unknown =>
  Object.values(connection.all(`pragma ${name}`, [])[0] ?? {})[0];

it("opens with a write-ahead log, every commit flushed, no checkpoint of its own and foreign keys", () => {
  using store = opened();
  const settings = ["journal_mode", "synchronous", "wal_autocheckpoint", "foreign_keys"];
  expect(settings.map((name) => pragma(store.connection, name))).toEqual(["wal", 2, 0, 1]);
});

it("makes files that only its own user reads", () => {
  using store = opened();
  store.connection.begin(0);
  store.connection.exec("commit");
  const folder = join(store.path, "..");
  expect(readdirSync(folder).sort()).toEqual([
    "doorbell.db",
    "doorbell.db-shm",
    "doorbell.db-turn",
    "doorbell.db-wal",
  ]);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
});

it("says why it cannot open", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "text"), "this is not a database ".repeat(100));
  mkdirSync(join(folder, "folder"));
  const open = (name: string) => () => openConnection(join(folder, name), { readOnly: false });
  expect(open("missing/doorbell.db")).toThrow(expect.objectContaining({ code: "storage_denied" }));
  expect(open("folder")).toThrow(expect.objectContaining({ code: "storage_denied" }));
  expect(open("text")).toThrow(expect.objectContaining({ code: "storage_corrupt" }));
});

it("reads only, where it was opened so", () => {
  using store = opened();
  const reader = store.another(true);
  expect(reader.all("select * from turn", [])).toEqual([]);
  expect(() => reader.run("insert into turn (name) values ('a')", [])).toThrow(/readonly/);
  reader.close();
});

it("answers a statement with its rows, or with what it changed", () => {
  using store = opened();
  const { execute } = store.connection;
  expect(execute("insert into turn (name) values (?), (?)", ["a", "b"])).toEqual({
    rows: [],
    changes: 2n,
    rowId: 2n,
  });
  expect(execute("update turn set name = ? where id = ? returning id, name", ["c", 1])).toEqual({
    rows: [{ id: 1, name: "c" }],
  });
  expect(execute("select name from turn where id > ? order by id", [0])).toEqual({
    rows: [{ name: "c" }, { name: "b" }],
  });
});

it("keeps working with more statements than it keeps prepared", () => {
  using store = opened();
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 700; n++) expect(store.connection.all(`select ${n} as n`, [])).toEqual([{ n }]);
  }
});

it("holds no snapshot after a query, so that the log can be emptied", () => {
  using store = opened();
  const writer = store.another();
  writer.execute("insert into turn (name) values (?), (?), (?) returning id", ["a", "b", "c"]);
  store.connection.all("select * from turn", []);
  store.connection.execute("select * from turn limit 1", []);
  store.connection.execute("select * from turn where id = 0", []);
  store.connection.dataVersion();
  expect(() => store.connection.all("select abs(-9223372036854775808) from turn", [])).toThrow();
  writer.run("insert into turn (name) values (?)", ["d"]);
  expect(writer.emptyLog(0)).toBe(true);
  writer.close();
});

it("has another data version after each commit of another connection", () => {
  using store = opened();
  const other = store.another();
  const first = store.connection.dataVersion();
  store.connection.run("insert into turn (name) values ('own')", []);
  expect(store.connection.dataVersion()).toBe(first);
  other.run("insert into turn (name) values ('other')", []);
  expect(store.connection.dataVersion()).not.toBe(first);
  other.close();
});

it("says when SQLite has rolled back by itself", () => {
  using store = opened();
  store.connection.exec(`pragma max_page_count = ${Number(pragma(store.connection, "page_count")) + 2}`);
  store.connection.begin(0);
  const big = "x".repeat(3_000);
  const fill = (): void => {
    for (let n = 0; n < 100; n++) store.connection.run("insert into turn (name) values (?)", [big]);
  };
  expect(fill).toThrow(expect.objectContaining({ errcode: 13 }));
  expect(store.connection.inTransaction()).toBe(false);
  expect(store.connection.all("select * from turn", [])).toEqual([]);
});

it("waits for a process that holds the lock", async () => {
  using store = opened();
  await using holder = startCall({ module: fixture, name: "holdLock", args: [store.path, 200] });
  await holder.line("held");
  expect(store.connection.begin(20_000)).toBe(true);
  store.connection.exec("commit");
});

it("gives up, retryable, when a process holds the lock longer than it has patience", async () => {
  using store = opened();
  await using holder = startCall({ module: fixture, name: "holdLock", args: [store.path, 60_000] });
  await holder.line("held");
  const locked = expect.objectContaining({ code: "storage_locked", retryable: true });
  expect(() => store.connection.begin(30)).toThrow(locked);
  expect(() => store.connection.begin(0)).toThrow(locked);
  holder.kill();
  await holder.ended;
  expect(store.connection.begin(0)).toBe(false);
  store.connection.exec("commit");
});

it("lets two connections of one process have the lock one after the other", () => {
  using store = opened();
  const other = store.another();
  store.connection.begin(0);
  expect(() => other.begin(0)).toThrow(expect.objectContaining({ code: "storage_locked" }));
  store.connection.exec("rollback");
  other.begin(0);
  other.exec("rollback");
  other.close();
});

it("lets processes that write as fast as they can take turns", async () => {
  using store = opened();
  const write = (name: string) =>
    callInChild({ module: fixture, name: "writeInTurn", args: [store.path, name, 4] });
  await Promise.all([write("a"), write("b")]);
  const order = store.connection.all("select name from turn order by id", []).map(({ name }) => name);
  expect(order).toHaveLength(202);
  const changes = order.filter((name, at) => name !== order[at - 1]).length;
  expect(changes, order.join("")).toBeGreaterThan(100);
});
