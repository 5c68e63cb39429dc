import { rmSync } from "node:fs";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { failpoint } from "../lib/failpoint.ts";
import { createEmptyFile, publishFile } from "../lib/files.ts";
import { StorageError } from "./database.ts";
import { ground } from "./migrations/0001-ground.ts";
import { type Connection, openConnection } from "./sqlite/connection.ts";

/** One change of the tables. A release adds to the end of the list and never edits what has shipped. */
export interface Migration {
  /** `0001-ground`: number, then what it brings. */
  readonly name: string;
  /**
   * `expand`: the release before runs on unharmed. `contract`: removes what only releases older than the
   * one before need. `incompatible`: going back needs the snapshot taken before it.
   */
  readonly class: "expand" | "contract" | "incompatible";
  /** Longest time it holds the write lock with a million visits on a Raspberry Pi 4, ms, as its author measured or estimates. */
  readonly longestLockMs: number;
  readonly sql: string;
}

/** Every migration, in order. */
export const migrations: readonly Migration[] = [ground];

const MIGRATION_TABLE =
  "create table if not exists migration (name text primary key, class text not null, applied_at integer not null, duration_ms integer not null) strict";

/** Another process may be migrating, or writing all the time. */
const LOCK_PATIENCE_MS = 30_000;

/** What `migrate` did. */
export interface Migrated {
  readonly applied: readonly string[];
  /** Copy of the whole database as it was before, where one was needed. */
  readonly snapshot: string | null;
}

/**
 * Brings the tables to the newest state; each migration is one transaction with its own row in `migration`,
 * so a crash leaves whole ones only. Two processes may call it at once: the second finds it done.
 *
 * A database that newer releases have changed is taken as it is, unless one of their migrations is of the
 * class `incompatible`: the release before runs on beside the new one.
 *
 * @param snapshotPath where a copy goes before the first change of a database that holds something, in
 *   place of the one before an earlier change
 * @throws StorageError `storage_newer`, `migration_failed`
 */
export function migrate(
  connection: Connection,
  clock: Clock,
  snapshotPath: string,
  list: readonly Migration[] = migrations,
): Migrated {
  const done = appliedTo(connection);
  refuseForeign(done, list);
  const due = list.filter(({ name }) => !done.has(name));
  if (due.length === 0) return { applied: [], snapshot: null };

  const snapshot = done.size > 0 ? takeSnapshot(connection, snapshotPath, done.size) : null;
  const applied = due.filter((migration) => apply(connection, clock, migration)).map(({ name }) => name);
  return { applied, snapshot };
}

/** Names of the migrations that a database lacks, in order; none when this release can run on it. */
export function pendingMigrations(
  connection: Connection,
  list: readonly Migration[] = migrations,
): readonly string[] {
  const done = appliedTo(connection);
  return list.map(({ name }) => name).filter((name) => !done.has(name));
}

/** What has been applied, by name, with its class. */
function appliedTo(connection: Connection): ReadonlyMap<string, string> {
  const table = connection.all("select 1 from sqlite_master where name = 'migration'", []);
  if (table.length === 0) return new Map();
  const rows = connection.all("select name, class from migration", []);
  return new Map(rows.map((row) => [String(row.name), String(row.class)]));
}

function refuseForeign(done: ReadonlyMap<string, string>, list: readonly Migration[]): void {
  const known = new Set(list.map(({ name }) => name));
  const newest = list.at(-1)?.name ?? "";
  const foreign = [...done]
    .filter(([name, kind]) => !known.has(name) && (kind === "incompatible" || name < newest))
    .map(([name]) => name);
  if (foreign.length === 0) return;
  throw new StorageError(
    `open database: it holds migrations this release cannot run on: ${foreign.sort().join(", ")}`,
    {
      code: "storage_newer",
      hint: "The database was written by another release. Run that release, or restore the snapshot taken before it.",
    },
  );
}

/** Null when another process has begun to change the database: then the copy it took before is the one. */
function takeSnapshot(connection: Connection, path: string, migrationsBefore: number): string | null {
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  createEmptyFile(temporary);
  connection.run("vacuum into ?", [temporary]);
  const copy = openConnection(temporary, { readOnly: true });
  const migrationsInCopy = appliedTo(copy).size;
  copy.close();
  if (migrationsInCopy !== migrationsBefore) {
    rmSync(temporary);
    return null;
  }
  publishFile(temporary, path);
  return path;
}

/** False when another process had applied it meanwhile. */
function apply(connection: Connection, clock: Clock, migration: Migration): boolean {
  connection.begin(LOCK_PATIENCE_MS);
  const started = performance.now();
  try {
    const due = !appliedTo(connection).has(migration.name);
    if (due) {
      connection.exec(MIGRATION_TABLE);
      connection.exec(migration.sql);
      const durationMs = Math.round(performance.now() - started);
      const row = [migration.name, migration.class, clock.now(), durationMs];
      connection.run("insert into migration values (?, ?, ?, ?)", row);
    }
    failpoint("migrate.before-commit");
    connection.exec("commit");
    return due;
  } catch (error) {
    // SQLite has rolled back by itself on a full disk.
    if (connection.inTransaction()) connection.exec("rollback");
    throw new StorageError(`migrate ${migration.name}: ${messageOf(error)}`, {
      code: "migration_failed",
      hint: "Nothing of this migration was kept; the release before still runs on this database.",
      cause: error,
    });
  }
}
