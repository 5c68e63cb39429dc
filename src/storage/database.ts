import type { Kysely } from "kysely";
import { DoorbellError, type ErrorFacts } from "../lib/errors.ts";
import type { Schema } from "./schema.ts";

/** The statements of one transaction. Never begins or commits one itself. */
export type Tx = Kysely<Schema>;

/**
 * One named change of the database, with all that belongs to it. It runs inside a transaction: all of it
 * is durable when `Database.write` resolves, or none of it ever happened.
 *
 * It may run in another thread, so arguments and result are plain data (structured clone), and it must not
 * wait for anything but `tx`: other acts share its transaction. Its statements run one after another (no
 * `Promise.all`): one that is still to come when the act ends would run in the next act.
 */
export interface Act<Args, Result> {
  /** Unique; noun and verb, such as `visit.accept`. */
  readonly name: string;
  run(tx: Tx, args: Args): Promise<Result>;
}

/** An act of any arguments and result. */
// biome-ignore lint/suspicious/noExplicitAny: a list of acts holds acts of every argument type
export type AnyAct = Act<any, any>;

/** What one commit cost, for the storage metrics. */
export interface CommitFigures {
  /** Acts that shared the commit, from 1. */
  readonly acts: number;
  /** From begin to durable, ms. */
  readonly durationMs: number;
  /** How often it had to wait for another process, 0 or 1. */
  readonly busyWaits: number;
}

/** The database as every process sees it: reads here and now, writes as acts. */
export interface Database {
  /** Snapshot reads. Never writes, never waits for a writer. */
  readonly read: Kysely<Schema>;
  /**
   * Runs an act in a durable transaction, which it may share with other acts; each act fails alone.
   * @throws StorageError when the act did not happen. What an act throws crosses a thread: `code`, `hint`
   * and `retryable` come along, its class does not, so tell errors apart by `code`
   */
  write<Args, Result>(act: Act<Args, Result>, args: Args): Promise<Result>;
  /** Calls `listener` soon after any process has committed. Returns how to stop. */
  onCommit(listener: () => void): () => void;
  /** Finishes what is under way and closes. */
  close(): Promise<void>;
}

/** What went wrong in storage. Codes: see `docs/errors.md`. */
export class StorageError extends DoorbellError {}

/** What SQLite reports (`errcode`, sqlite.org/rescode.html) as a `StorageError`; errors of ours stay what they are. */
export function storageError(doing: string, error: unknown): DoorbellError {
  if (error instanceof DoorbellError) return error;
  const { errcode = 0, message = String(error) } = error as { errcode?: number; message?: string };
  return new StorageError(`${doing}: ${message}`, { ...factsOf(errcode & 0xff), cause: error });
}

function factsOf(primaryCode: number): ErrorFacts {
  switch (primaryCode) {
    case 5:
    case 6:
      return {
        code: "storage_locked",
        hint: "Another process holds the database. It is tried again; if it stays, find the process with `fuser` on the database file.",
        retryable: true,
      };
    case 3:
    case 8:
    case 14:
      return {
        code: "storage_denied",
        hint: "The database file cannot be opened or written. Look at its path, its owner and its rights.",
      };
    case 13:
      return {
        code: "storage_full",
        hint: "The disk is full. Free some space, or move the data folder; nothing accepted before was lost.",
        retryable: true,
      };
    case 10:
      return {
        code: "storage_io",
        hint: "The disk did not read or write. Look at `dmesg` and at free space.",
        retryable: true,
      };
    case 11:
    case 26:
      return {
        code: "storage_corrupt",
        hint: "The database file is damaged. Stop the system and restore the newest backup.",
      };
    case 19:
      return {
        code: "storage_constraint",
        hint: "Something with this identity exists already, or what it refers to does not.",
      };
    default:
      return { code: "storage_failed", hint: "This is a fault of the program: report it with the log." };
  }
}
