import { DatabaseSync, type StatementSync } from "node:sqlite";
import { storageError } from "../database.ts";

type Value = null | number | bigint | string | Uint8Array;
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
  /**
   * Takes the write lock. Another process may hold it: waits up to `patienceMs`, blocking this thread.
   * Returns how often it had to wait. @throws StorageError `storage_locked`
   */
  begin(patienceMs: number): number;
  /** False also after SQLite has rolled a transaction back by itself, as on a full disk. */
  inTransaction(): boolean;
  /** Changes whenever any other connection has committed. */
  dataVersion(): number;
  close(): void;
}

const KEPT_STATEMENTS = 300;
const SQLITE_BUSY = 5;

/**
 * Opens a connection as every process of the system does: write-ahead log, every commit flushed, no
 * automatic checkpoint (the `ops` process alone checkpoints, see `docs/decisions/0004-one-writer.md`).
 * @throws StorageError when the file cannot be opened
 */
export function openConnection(path: string, { readOnly }: { readOnly: boolean }): Connection {
  const database = open(path, readOnly);
  const statements = new Map<string, StatementSync>();
  const pause = new Int32Array(new SharedArrayBuffer(4));

  const prepare = (sql: string): StatementSync => {
    const kept = statements.get(sql);
    if (kept) return kept;
    const statement = database.prepare(sql);
    if (statements.size >= KEPT_STATEMENTS) statements.delete(statements.keys().next().value!);
    statements.set(sql, statement);
    return statement;
  };

  return {
    exec: (sql) => database.exec(sql),
    all: (sql, parameters) => prepare(sql).all(...(parameters as Value[])) as Row[],
    run(sql, parameters) {
      const { changes, lastInsertRowid } = prepare(sql).run(...(parameters as Value[]));
      return { changes: BigInt(changes), rowId: BigInt(lastInsertRowid) };
    },
    execute(sql, parameters) {
      const statement = prepare(sql);
      if (statement.columns().length > 0) return { rows: statement.all(...(parameters as Value[])) as Row[] };
      const { changes, lastInsertRowid } = statement.run(...(parameters as Value[]));
      return { rows: [], changes: BigInt(changes), rowId: BigInt(lastInsertRowid) };
    },
    begin(patienceMs) {
      // SQLite's own busy handler sleeps up to 100 ms between looks; a commit here takes one to five.
      const deadline = performance.now() + patienceMs;
      for (let waits = 0; ; waits++) {
        try {
          database.exec("begin immediate");
          return waits;
        } catch (error) {
          const busy = ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
          if (!busy || performance.now() > deadline) throw storageError("begin transaction", error);
          Atomics.wait(pause, 0, 0, 0.3 + Math.random());
        }
      }
    },
    inTransaction: () => database.isTransaction,
    dataVersion: () => Number(prepare("pragma data_version").get()!.data_version),
    close() {
      statements.clear();
      database.close();
    },
  };
}

function open(path: string, readOnly: boolean): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { readOnly, timeout: 0, enableForeignKeyConstraints: true });
    if (!readOnly) database.exec("pragma journal_mode = wal");
    database.exec(
      "pragma synchronous = full; pragma wal_autocheckpoint = 0; pragma temp_store = memory; pragma cache_size = -4000",
    );
    return database;
  } catch (error) {
    throw storageError(`open database ${path}`, error);
  }
}
