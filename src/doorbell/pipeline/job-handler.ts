import type { LeasedJob } from "../../queue/queue.ts";

/** Why a job is not tried again. */
export interface GiveUp {
  /** Stable code, such as `photo_truncated` or `worker_died`. */
  readonly code: string;
  readonly message: string;
}

/** Does one kind of job. */
export interface JobHandler {
  readonly kind: string;
  /**
   * Does the job and concludes it in its last act. It may have been begun before.
   * @throws whatever stops it; the worker decides about another try
   */
  run(job: LeasedJob, signal: AbortSignal): Promise<void>;
  /** Ends a job that is not tried again so that whoever waits for it hears of it, and puts it to the dead letters. */
  giveUp(job: LeasedJob, why: GiveUp): Promise<void>;
}
