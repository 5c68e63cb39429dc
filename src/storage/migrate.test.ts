import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { manualClock } from "../lib/clock.ts";
import { callInChild } from "../testing/child.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { type Migrated, type Migration, migrate, migrations, pendingMigrations } from "./migrate.ts";
import { type Connection, openConnection } from "./sqlite/connection.ts";

const fixture = new URL("./migrate.fixture.ts", import.meta.url);
const clock = manualClock();

const migration = (name: string, sql: string, kind: Migration["class"] = "expand"): Migration => ({
  name,
  class: kind,
  longestLockMs: 1,
  sql,
});
const first = migration("0001-a", "create table a (id integer primary key) strict");
const second = migration(
  "0002-b",
  "create table b (id integer primary key) strict; insert into a values (7)",
);
const broken = migration(
  "0003-c",
  "create table c (id integer primary key) strict; insert into nowhere values (1)",
);

/** An empty database and how it is migrated. */
function fresh() {
  const folder = temporaryFolder();
  const path = join(folder, "doorbell.db");
  const snapshotPath = join(folder, "before.db");
  const connection = openConnection(path, { readOnly: false });
  return {
    folder,
    path,
    snapshotPath,
    connection,
    migrate: (...list: Migration[]) => migrate(connection, clock, snapshotPath, list),
    tables: () => tablesOf(connection),
    [Symbol.dispose]: () => connection.close(),
  };
}

const tablesOf = (connection: Connection) =>
  connection
    .all("select name from sqlite_master where type = 'table' order by name", [])
    .map(({ name }) => name);

/** Tables of the copy that was taken before. */
function tablesInSnapshot(path: string): unknown[] {
  const copy = openConnection(path, { readOnly: true });
  try {
    return tablesOf(copy);
  } finally {
    copy.close();
  }
}

it("brings an empty database to the newest state without a snapshot, and does nothing the second time", () => {
  using it = fresh();
  expect(pendingMigrations(it.connection)).toEqual(migrations.map(({ name }) => name));
  const names = migrations.map(({ name }) => name);
  expect(migrate(it.connection, clock, it.snapshotPath)).toEqual({ applied: names, snapshot: null });
  expect(migrate(it.connection, clock, it.snapshotPath)).toEqual({ applied: [], snapshot: null });
  expect(pendingMigrations(it.connection)).toEqual([]);
  expect(it.tables()).toEqual(expect.arrayContaining(["visit", "job", "event", "audit"]));
});

it("numbers its migrations without a gap, and writes down what it applied and when", () => {
  using it = fresh();
  migrate(it.connection, clock, it.snapshotPath);
  expect(migrations.map(({ name }) => Number(name.slice(0, 4)))).toEqual(migrations.map((_, at) => at + 1));
  expect(it.connection.all("select name, class, applied_at from migration", [])).toEqual(
    migrations.map((each) => ({ name: each.name, class: each.class, applied_at: clock.now() })),
  );
});

it("takes a snapshot before it changes a database that holds something", () => {
  using it = fresh();
  it.migrate(first);
  it.connection.exec("insert into a values (1)");
  expect(it.migrate(first, second)).toEqual({ applied: ["0002-b"], snapshot: it.snapshotPath });
  const copy = openConnection(it.snapshotPath, { readOnly: true });
  expect(copy.all("select id from a", [])).toEqual([{ id: 1 }]);
  expect(tablesOf(copy)).toEqual(["a", "migration"]);
  copy.close();
  expect(it.tables()).toEqual(["a", "b", "migration"]);
  expect(statSync(it.snapshotPath).mode & 0o777).toBe(0o600);
});

it("replaces the snapshot taken before an earlier change", () => {
  using it = fresh();
  it.migrate(first);
  it.migrate(first, second);
  it.migrate(first, second, migration("0003-d", "create table d (id integer primary key) strict"));
  expect(tablesInSnapshot(it.snapshotPath)).toEqual(["a", "b", "migration"]);
  expect(readdirSync(it.folder).filter((name) => name.startsWith("before"))).toEqual(["before.db"]);
});

it("keeps nothing of a migration that fails, and all before it", () => {
  using it = fresh();
  expect(() => it.migrate(first, second, broken)).toThrow(
    expect.objectContaining({
      code: "migration_failed",
      message: "migrate 0003-c: no such table: nowhere",
      retryable: false,
    }),
  );
  expect(it.tables()).toEqual(["a", "b", "migration"]);
  expect(it.migrate(first, second)).toEqual({ applied: [], snapshot: null });
  const mended = migration("0003-c", "create table c (id integer primary key) strict");
  expect(it.migrate(first, second, mended).applied).toEqual(["0003-c"]);
});

it("says that a migration failed when the disk was full", () => {
  using it = fresh();
  it.migrate(first);
  it.connection.exec("pragma max_page_count = 5");
  const big = migration("0002-b", "create table b (x blob) strict; insert into b values (zeroblob(1000000))");
  expect(() => it.migrate(first, big)).toThrow(
    expect.objectContaining({ code: "migration_failed", message: expect.stringContaining("full") }),
  );
  expect(it.tables()).toEqual(["a", "migration"]);
});

it.each(["expand", "contract"] as const)(
  "runs on a database that a newer release has changed by a migration to %s",
  (kind) => {
    using it = fresh();
    it.migrate(first, migration("0002-b", "create table b (id integer primary key) strict", kind));
    expect(it.migrate(first)).toEqual({ applied: [], snapshot: null });
  },
);

it("refuses a database that a newer release has changed incompatibly", () => {
  using it = fresh();
  it.migrate(first, migration("0002-b", "drop table a", "incompatible"));
  expect(() => it.migrate(first)).toThrow(
    expect.objectContaining({ code: "storage_newer", message: expect.stringContaining("0002-b") }),
  );
});

it("refuses a database with a migration that it never knew among its own", () => {
  using it = fresh();
  it.migrate(migration("0001-x", "create table x (id integer primary key) strict"));
  expect(() => it.migrate(migration("0002-b", "create table b (id integer primary key) strict"))).toThrow(
    expect.objectContaining({ code: "storage_newer", message: expect.stringContaining("0001-x") }),
  );
  expect(it.tables()).toEqual(["migration", "x"]);
});

it("lets processes that start at once on an empty database agree", async () => {
  const folder = temporaryFolder();
  const args = [join(folder, "doorbell.db"), join(folder, "before.db")];
  const children = Array.from({ length: 4 }, () =>
    callInChild({ module: fixture, name: "bringUpToDate", args }),
  );
  const answers = (await Promise.all(children)).map(({ answer }) => answer);
  expect(answers).toEqual(answers.map(() => ({ result: expect.anything() })));
  const applied = answers.flatMap((answer) => (answer?.result as Migrated | undefined)?.applied ?? []);
  expect(applied).toEqual(migrations.map(({ name }) => name));
});

it("keeps the snapshot of another process that was quicker", () => {
  using it = fresh();
  it.migrate(first);
  const other = openConnection(it.path, { readOnly: false });
  const slow: Connection = {
    ...it.connection,
    run(sql, parameters) {
      if (sql.startsWith("vacuum")) migrate(other, clock, it.snapshotPath, [first, second]);
      return it.connection.run(sql, parameters);
    },
  };
  expect(migrate(slow, clock, it.snapshotPath, [first, second])).toEqual({ applied: [], snapshot: null });
  other.close();
  expect(tablesInSnapshot(it.snapshotPath)).toEqual(["a", "migration"]);
});

it("is done whole by the next process when one dies on the way", async () => {
  const folder = temporaryFolder();
  const call = {
    module: fixture,
    name: "bringUpToDate",
    args: [join(folder, "doorbell.db"), join(folder, "before.db")],
  };
  const died = await callInChild({ ...call, env: { DOORBELL_FAILPOINTS: "migrate.before-commit" } });
  expect(died).toMatchObject({ signal: "SIGKILL", lines: ["began"] });
  const { answer } = await callInChild(call);
  expect(answer?.result).toEqual({ applied: migrations.map(({ name }) => name), snapshot: null });
});
