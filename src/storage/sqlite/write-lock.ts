import { DatabaseSync } from "node:sqlite";
import { createEmptyFile } from "../../lib/files.ts";
import { storageError } from "../database.ts";

/** The write lock of a database, handed from process to process in turn. */
export interface WriteLock {
  /**
   * Begins a transaction that writes. Where another process holds the lock, waits up to `patienceMs`,
   * blocking this thread. True when it had to wait. @throws StorageError `storage_locked`
   */
  begin(patienceMs: number): boolean;
  /** Calls `attempt` until it answers true or patience ends, and lets nobody begin meanwhile. Its last answer. */
  beforeOthers(attempt: () => boolean, patienceMs: number): boolean;
  close(): void;
}

/** What SQLite answers while another connection has the lock: sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
const LOCKED = { errcode: SQLITE_BUSY, message: "another process holds the database" };

/**
 * SQLite lets whoever looks at the right moment have its lock, so a process that commits all the time keeps
 * the others out for hundreds of milliseconds. Here they queue at a second lock, that of the empty database
 * `PATH-turn`: only who holds it asks for the real one, and has it next. The kernel frees both when a process dies.
 */
export function writeLock(database: DatabaseSync, path: string): WriteLock {
  const turnPath = `${path}-turn`;
  createEmptyFile(turnPath);
  const turn = new DatabaseSync(turnPath, { timeout: 0 });
  // Without a journal file the lock costs ten microseconds.
  turn.exec("pragma journal_mode = memory");
  database.exec("pragma busy_timeout = 0");

  const beforeOthers = (attempt: () => boolean, deadline: number) => {
    const turned = poll(() => tryBegin(turn), deadline);
    if (!turned.done) return turned;
    try {
      const { done, waited } = poll(attempt, deadline);
      return { done, waited: waited || turned.waited };
    } finally {
      turn.exec("rollback");
    }
  };
  return {
    begin(patienceMs) {
      const { done, waited } = beforeOthers(() => tryBegin(database), performance.now() + patienceMs);
      if (!done) throw storageError("begin transaction", LOCKED);
      return waited;
    },
    beforeOthers: (attempt, patienceMs) => beforeOthers(attempt, performance.now() + patienceMs).done,
    close: () => turn.close(),
  };
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** SQLite's own busy handler sleeps up to 100 ms between looks; a commit here takes one to five. */
function poll(attempt: () => boolean, deadline: number): { done: boolean; waited: boolean } {
  for (let looks = 0; ; looks++) {
    if (attempt()) return { done: true, waited: looks > 0 };
    if (performance.now() > deadline) return { done: false, waited: true };
    Atomics.wait(pause, 0, 0, Math.min(0.4, 0.05 * 2 ** looks) * (0.5 + Math.random()));
  }
}

function tryBegin(database: DatabaseSync): boolean {
  try {
    database.exec("begin immediate");
    return true;
  } catch (error) {
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY) return false;
    throw storageError("begin transaction", error);
  }
}
