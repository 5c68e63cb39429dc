import { DoorbellError } from "../lib/errors.ts";

/** What work waits for which kind of worker. */
export interface Job {
  /** UUID of what is to be done; enqueuing the same id again changes nothing. */
  readonly id: string;
  /** `visit`, `enrol`. */
  readonly kind: string;
  /** Lower comes first: 0 a press, 5 motion. */
  readonly priority: number;
  /** Plain JSON. */
  readonly payload: unknown;
  /** Version of the payload's shape; a worker reads its own and the one before. */
  readonly payloadVersion: number;
  /** After so many failed tries it goes to the dead letters. */
  readonly maxTries: number;
}

/** A job that one worker holds until its lease runs out. */
export interface LeasedJob extends Job {
  /** Proves the hold: whoever lost the lease cannot conclude the job any more. */
  readonly lease: string;
  /** Which try this is, from 1. Above `maxTries` it is not tried again: the holder gives it up. */
  readonly attempt: number;
  readonly enqueuedAt: number;
}

/** What waits in a lane, for metrics and scaling. */
export interface QueueDepth {
  readonly kind: string;
  /** Waiting or leased. */
  readonly open: number;
  readonly dead: number;
  /** When the oldest open one was enqueued, ms since the epoch; null where none is open. */
  readonly oldestAt: number | null;
}

/**
 * Durable work, leased. Enqueuing and concluding happen inside the acts of those who use it
 * (`queue/sqlite-queue.ts`), so work and its cause are one transaction.
 */
export interface Queue {
  /**
   * Takes up to `count` jobs, most urgent first, oldest first. Also those whose last holder died in the
   * last allowed try: they come with `attempt > maxTries`.
   */
  lease(kinds: readonly string[], count: number): Promise<LeasedJob[]>;
  /** Holds a job longer. False when the lease was lost meanwhile. */
  extend(job: LeasedJob): Promise<boolean>;
  /**
   * Puts a failed job back for a later try, or to the dead letters after the last. What became of it.
   * @param error `counts`: false for what is no fault of the job, such as a full disk: then this was no try
   */
  fail(
    job: LeasedJob,
    error: { message: string; retryable: boolean; counts?: boolean },
  ): Promise<"waiting" | "dead" | "lost">;
  /** Puts an untouched job back at once, as a stopping worker does; the try does not count. */
  release(job: LeasedJob): Promise<void>;
  /** Frees at once what an earlier life of this holder still leases; its tries count. How many. */
  reclaim(): Promise<number>;
  /** Calls `listener` when there may be new work. Returns how to stop. */
  onWork(listener: () => void): () => void;
  depth(): Promise<QueueDepth[]>;
}

/** The holder's lease was lost: another worker has the job, and this one's result must not count. */
export class LeaseLost extends DoorbellError {
  constructor(jobId: string) {
    super(`conclude job ${jobId}: its lease was lost`, {
      code: "lease_lost",
      hint: "Another worker does it again. If this is frequent, raise `pipeline.leaseMs`.",
    });
  }
}
