import { DatabaseSync } from "node:sqlite";
import { createEmptyFile } from "../../lib/files.ts";
import { storageError } from "../database.ts";

/** The write lock of a database, handed from process to process in turn. */
export interface WriteLock {
  /**
   * Begins a transaction that writes. Where another process holds the lock, waits up to `patienceMs`,
   * blocking this thread. Returns how often it had to wait. @throws StorageError `storage_locked`
   */
  begin(patienceMs: number): number;
  close(): void;
}

const SQLITE_BUSY = 5;

/**
 * SQLite lets whoever looks at the right moment have its lock, so a process that commits all the time keeps
 * the others out for hundreds of milliseconds. Here they queue at a second lock, that of the empty database
 * `PATH-turn`: only who holds it asks for the real one, and has it next. The kernel frees both when a process dies.
 */
export function writeLock(database: DatabaseSync, path: string): WriteLock {
  createEmptyFile(`${path}-turn`);
  const turn = new DatabaseSync(`${path}-turn`, { timeout: 0 });
  // Without a journal file the lock costs ten microseconds.
  turn.exec("pragma journal_mode = memory");
  database.exec("pragma busy_timeout = 0");
  const pause = new Int32Array(new SharedArrayBuffer(4));

  /** SQLite's own busy handler sleeps up to 100 ms between looks; a commit here takes one to five. */
  const take = (lock: DatabaseSync, deadline: number): number => {
    for (let waits = 0; ; waits++) {
      try {
        lock.exec("begin immediate");
        return waits;
      } catch (error) {
        const busy = ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
        if (!busy || performance.now() > deadline) throw storageError("begin transaction", error);
        Atomics.wait(pause, 0, 0, Math.min(0.4, 0.05 * 2 ** waits) * (0.5 + Math.random()));
      }
    }
  };
  return {
    begin(patienceMs) {
      const deadline = performance.now() + patienceMs;
      const waits = take(turn, deadline);
      try {
        return waits + take(database, deadline);
      } finally {
        turn.exec("rollback");
      }
    },
    close: () => turn.close(),
  };
}
