import type { Kysely } from "kysely";
import { failpoint } from "../../lib/failpoint.ts";
import { type AnyAct, type CommitFigures, storageError } from "../database.ts";
import type { Schema } from "../schema.ts";
import type { Connection } from "./connection.ts";
import { kyselyOn } from "./dialect.ts";

/** An act that waits for its turn. */
export interface Pending {
  readonly act: AnyAct;
  readonly args: unknown;
  /** Told after the commit, so what it hears is durable. */
  settle(outcome: { readonly result: unknown } | { readonly error: unknown }): void;
}

/** How long a commit may keep others waiting, and wait for them. */
export interface CommitLimits {
  /** A transaction takes in no further act after so long: another process may be waiting, ms. */
  readonly longestTransactionMs: number;
  /** How long it waits for the write lock, ms. */
  readonly lockPatienceMs: number;
}

const LIMITS: CommitLimits = { longestTransactionMs: 4, lockPatienceMs: 5_000 };

/**
 * Runs acts that arrive together in one transaction with one flush, each in a savepoint of its own, so
 * that one that fails takes nothing with it. The longer the flush, the more share the next one: the queue
 * forms by itself.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #tx: Kysely<Schema>;
  readonly #onCommit: (figures: CommitFigures) => void;
  readonly #limits: CommitLimits;
  readonly #waiting: Pending[] = [];
  #running: Promise<void> | undefined;

  constructor(
    connection: Connection,
    onCommit: (figures: CommitFigures) => void,
    limits: CommitLimits = LIMITS,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#tx = kyselyOn((sql, parameters) => {
      // Outside a transaction SQLite would keep the statement by itself, whatever becomes of its act.
      if (!connection.inTransaction()) throw new Error("its transaction is over");
      return connection.execute(sql, parameters);
    });
    this.#onCommit = onCommit;
  }

  submit(pending: Pending): void {
    this.#waiting.push(pending);
    this.#running ??= this.#drain();
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    // Acts sent in the same turn of the event loop are let in before the first commit begins.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      await this.#commitOnce();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = undefined;
  }

  async #commitOnce(): Promise<void> {
    let waited: boolean;
    try {
      waited = this.#connection.begin(this.#limits.lockPatienceMs);
    } catch (error) {
      for (const { settle } of this.#waiting.splice(0)) settle({ error });
      return;
    }
    const began = performance.now();
    const members: Pending[] = [];
    const settled: (() => void)[] = [];
    try {
      while (this.#waiting.length > 0 && performance.now() - began < this.#limits.longestTransactionMs) {
        const pending = this.#waiting.shift()!;
        members.push(pending);
        settled.push(await this.#runOne(pending));
      }
      failpoint("storage.before-commit");
      this.#connection.exec("commit");
      failpoint("storage.after-commit");
    } catch (error) {
      for (const { settle } of members) settle({ error: storageError("commit", error) });
      if (this.#connection.inTransaction()) this.#connection.exec("rollback");
      return;
    }
    for (const settle of settled) settle();
    this.#onCommit({
      acts: members.length,
      durationMs: performance.now() - began,
      busyWaits: Number(waited),
    });
  }

  /** How its caller is told once the group is durable. @throws when the whole group is lost with it */
  async #runOne({ act, args, settle }: Pending): Promise<() => void> {
    this.#connection.exec("savepoint act");
    try {
      const result = await act.run(this.#tx, args);
      this.#connection.exec("release act");
      return () => settle({ result });
    } catch (error) {
      // SQLite rolls the whole transaction back by itself on a full or broken disk.
      if (!this.#connection.inTransaction()) throw error;
      this.#connection.exec("rollback to act; release act");
      return () => settle({ error: storageError(act.name, error) });
    }
  }
}
