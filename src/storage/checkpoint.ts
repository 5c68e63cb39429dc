import { statSync } from "node:fs";
import type { Clock } from "../lib/clock.ts";
import { storageError } from "./database.ts";
import { type Connection, openConnection } from "./sqlite/connection.ts";

/** How the write-ahead log is kept small. */
export interface CheckpointConfig {
  /** The database file. */
  readonly path: string;
  /** How often the log is moved into the database file, ms. Default 20,000: flushing the database file holds up commits that wait for the same disk for up to a tenth of a second, so it is done seldom. */
  readonly everyMs?: number;
  /** Above this size of its file the log is emptied while writers wait, bytes. Default 64 MiB. */
  readonly emptyAboveBytes?: number;
}

/** What the checkpointer needs. */
export interface CheckpointDeps {
  readonly clock: Clock;
  /** Told what a round failed with; the next one tries again. */
  readonly onError: (error: unknown) => void;
}

/** The write-ahead log, for metrics. */
export interface LogFigures {
  /** Size of its file, which stays as it is when the log starts over. */
  readonly walBytes: number;
  /** How long ago all of it was last found in the database file, ms. */
  readonly ageMs: number;
}

/** Nobody reads or writes longer than a few milliseconds; whoever does is given until the next round. */
const EMPTY_PATIENCE_MS = 50;

/**
 * Moves the write-ahead log into the database file, as SQLite itself would do in the middle of some commit.
 * `ops` alone runs it: see `docs/decisions/0004-one-writer.md`. Moving hinders nobody, but under writers that
 * never pause the log does not start over: so above a size it is emptied in a turn of its own.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #everyMs: number;
  readonly #emptyAboveBytes: number;
  readonly #deps: CheckpointDeps;
  #connection: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #movedAtMs: number;

  constructor(
    { path, everyMs = 20_000, emptyAboveBytes = 64 * 1024 * 1024 }: CheckpointConfig,
    deps: CheckpointDeps,
  ) {
    this.#path = path;
    this.#everyMs = everyMs;
    this.#emptyAboveBytes = emptyAboveBytes;
    this.#deps = deps;
    this.#movedAtMs = deps.clock.moment().uptimeMs;
  }

  /** Does a round now and one after each `everyMs`. @throws StorageError when the database cannot be opened */
  start(): void {
    this.#connection = openConnection(this.#path, { readOnly: false });
    this.round();
    this.#timer = setInterval(() => this.round(), this.#everyMs);
  }

  /** Does a last round and closes. */
  stop(): void {
    clearInterval(this.#timer);
    this.round();
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Moves what there is, at once. */
  round(): void {
    try {
      if (this.#connection) this.#move(this.#connection);
    } catch (error) {
      this.#deps.onError(storageError("checkpoint the write-ahead log", error));
    }
  }

  figures(): LogFigures {
    const walBytes = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    return { walBytes, ageMs: this.#deps.clock.moment().uptimeMs - this.#movedAtMs };
  }

  #move(connection: Connection): void {
    let moved = connection.moveLog();
    // Under writers that never pause it has not all been moved, and this is the only way to get there.
    if (this.figures().walBytes > this.#emptyAboveBytes)
      moved = connection.emptyLog(EMPTY_PATIENCE_MS) || moved;
    if (moved) this.#movedAtMs = this.#deps.clock.moment().uptimeMs;
  }
}
