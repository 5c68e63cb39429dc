import { DatabaseSync, type StatementSync } from "node:sqlite";
import { createEmptyFile } from "../../lib/files.ts";
import { storageError } from "../database.ts";
import { type WriteLock, writeLock } from "./write-lock.ts";

type Value = null | number | bigint | string | Uint8Array;
/** One row, by column. */
export type Row = Record<string, unknown>;

/** One SQLite connection with its prepared statements. Every call runs to its end before it returns. */
export interface Connection {
  /** Runs statements without parameters. */
  exec(sql: string): void;
  /** All rows of a query. */
  all(sql: string, parameters: readonly unknown[]): Row[];
  /** Runs one statement; how many rows it changed and the row id it made. */
  run(sql: string, parameters: readonly unknown[]): { changes: bigint; rowId: bigint };
  /** Runs one statement, with rows if it has any. */
  execute(sql: string, parameters: readonly unknown[]): { rows: Row[]; changes?: bigint; rowId?: bigint };
  /** As `WriteLock.begin`. */
  begin(patienceMs: number): boolean;
  /** Moves what it can of the write-ahead log into the database file, waiting for nobody. True when that was all. */
  moveLog(): boolean;
  /** Moves all of the log and cuts its file to nothing; others wait meanwhile. False when it had no chance to within `patienceMs`. */
  emptyLog(patienceMs: number): boolean;
  /** False also after SQLite has rolled a transaction back by itself, as on a full disk. */
  inTransaction(): boolean;
  /** Changes whenever any other connection has committed. */
  dataVersion(): number;
  close(): void;
}

const KEPT_STATEMENTS = 300;

/** Opening and reading wait this long where a database is being made, mended after a crash or closed, ms. */
const PATIENCE_MS = 5_000;

/**
 * Opens a connection as every process of the system does: write-ahead log, every commit flushed, no
 * automatic checkpoint (the `ops` process alone checkpoints, see `docs/decisions/0004-one-writer.md`).
 * @throws StorageError when the file cannot be opened
 */
export function openConnection(path: string, { readOnly }: { readOnly: boolean }): Connection {
  const database = open(path, readOnly);
  const statements = new Map<string, { statement: StatementSync; hasRows: boolean }>();
  let opened: WriteLock | undefined;
  const lock = (): WriteLock => {
    opened ??= writeLock(database, path);
    return opened;
  };

  const prepare = (sql: string) => {
    const kept = statements.get(sql);
    if (kept) return kept;
    const statement = database.prepare(sql);
    const prepared = { statement, hasRows: statement.columns().length > 0 };
    if (statements.size >= KEPT_STATEMENTS) statements.delete(statements.keys().next().value!);
    statements.set(sql, prepared);
    return prepared;
  };
  const all = (statement: StatementSync, parameters: readonly unknown[]): Row[] =>
    statement.all(...(parameters as Value[])) as Row[];
  const run = (statement: StatementSync, parameters: readonly unknown[]) => {
    const { changes, lastInsertRowid } = statement.run(...(parameters as Value[]));
    return { changes: BigInt(changes), rowId: BigInt(lastInsertRowid) };
  };

  return {
    exec: (sql) => database.exec(sql),
    all: (sql, parameters) => all(prepare(sql).statement, parameters),
    run: (sql, parameters) => run(prepare(sql).statement, parameters),
    execute(sql, parameters) {
      const { statement, hasRows } = prepare(sql);
      return hasRows ? { rows: all(statement, parameters) } : { rows: [], ...run(statement, parameters) };
    },
    begin: (patienceMs) => lock().begin(patienceMs),
    moveLog() {
      const { busy, log, checkpointed } = prepare("pragma wal_checkpoint(passive)").statement.get()!;
      return busy === 0 && log === checkpointed;
    },
    emptyLog(patienceMs) {
      const { statement } = prepare("pragma wal_checkpoint(truncate)");
      return lock().beforeOthers(() => statement.get()?.busy === 0, patienceMs);
    },
    inTransaction: () => database.isTransaction,
    dataVersion: () => Number(prepare("pragma data_version").statement.get()!.data_version),
    close() {
      statements.clear();
      opened?.close();
      database.close();
    },
  };
}

function open(path: string, readOnly: boolean): DatabaseSync {
  // SQLite would make a file that others may read; the log beside it has the same mode.
  if (!readOnly) createEmptyFile(path);
  try {
    const database = new DatabaseSync(path, {
      readOnly,
      timeout: PATIENCE_MS,
      enableForeignKeyConstraints: true,
    });
    if (!readOnly) database.exec("pragma journal_mode = wal");
    database.exec(
      "pragma synchronous = full; pragma wal_autocheckpoint = 0; pragma temp_store = memory; pragma cache_size = -4000",
    );
    return database;
  } catch (error) {
    throw storageError(`open database ${path}`, error);
  }
}
