import { existsSync } from "node:fs";
import type { Clock } from "../lib/clock.ts";
import { StorageError } from "./database.ts";
import { ground } from "./migrations/0001-ground.ts";
import type { Connection } from "./sqlite/connection.ts";

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
 * @param snapshotPath where a copy goes before the first change of a database that holds something
 * @throws StorageError `storage_newer` when the database was written by a newer release
 */
export function migrate(
  connection: Connection,
  clock: Clock,
  snapshotPath: string,
  list: readonly Migration[] = migrations,
): Migrated {
  connection.exec(
    "create table if not exists migration (name text primary key, class text not null, applied_at integer not null, duration_ms integer not null) strict",
  );
  const done = new Set(connection.all("select name from migration", []).map((row) => String(row.name)));
  refuseNewer(done, list);
  const due = list.filter((migration) => !done.has(migration.name));
  if (due.length === 0) return { applied: [], snapshot: null };

  const snapshot = done.size > 0 ? takeSnapshot(connection, snapshotPath) : null;
  const applied = due.filter((migration) => apply(connection, clock, migration)).map(({ name }) => name);
  return { applied, snapshot };
}

/** The migrations that a database lacks or has too many of; empty when this release and it agree. */
export function pendingMigrations(connection: Connection): readonly string[] {
  const table = connection.all("select name from sqlite_master where name = 'migration'", []);
  if (table.length === 0) return migrations.map(({ name }) => name);
  const done = new Set(connection.all("select name from migration", []).map((row) => String(row.name)));
  return migrations.filter(({ name }) => !done.has(name)).map(({ name }) => name);
}

function refuseNewer(done: ReadonlySet<string>, list: readonly Migration[]): void {
  const known = new Set(list.map(({ name }) => name));
  const alien = [...done].filter((name) => !known.has(name));
  const incompatible = alien.length > 0 && alien.sort()[0]! < (list.at(-1)?.name ?? "");
  if (!incompatible) return;
  throw new StorageError(
    `open database: it holds migrations this release does not know: ${alien.join(", ")}`,
    {
      code: "storage_newer",
      hint: "The database was written by another release. Run that release, or restore the snapshot taken before it.",
    },
  );
}

function takeSnapshot(connection: Connection, path: string): string {
  if (!existsSync(path)) connection.run("vacuum into ?", [path]);
  return path;
}

/** False when another process had applied it meanwhile. */
function apply(connection: Connection, clock: Clock, migration: Migration): boolean {
  const started = performance.now();
  connection.begin(30_000);
  try {
    if (connection.all("select 1 from migration where name = ?", [migration.name]).length > 0) {
      connection.exec("rollback");
      return false;
    }
    connection.exec(migration.sql);
    connection.run("insert into migration values (?, ?, ?, ?)", [
      migration.name,
      migration.class,
      clock.now(),
      Math.round(performance.now() - started),
    ]);
    connection.exec("commit");
    return true;
  } catch (error) {
    connection.exec("rollback");
    throw new StorageError(`migrate ${migration.name}: ${error instanceof Error ? error.message : error}`, {
      code: "migration_failed",
      hint: "Nothing of this migration was kept; the release before still runs on this database.",
      cause: error,
    });
  }
}
