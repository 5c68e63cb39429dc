import type { Logger } from "pino";
import { DoorbellError, messageOf } from "../../lib/errors.ts";
import { type LeasedJob, LeaseLost, type Queue } from "../../queue/queue.ts";
import type { JobHandler } from "./job-handler.ts";

/** How a worker takes its work. */
export interface WorkerConfig {
  /** Lease of a job, ms; it is extended three times in that time. */
  readonly leaseMs: number;
  /** Longest wait before it looks for work whose time has come, ms. */
  readonly pollMs: number;
}

/** A visit waits for as long as these last: they say nothing of the visit. */
const NO_FAULT_OF_THE_JOB = new Set(["storage_full", "storage_locked", "storage_io", "storage_closed"]);

/** How a try of a job ended: `retry` and `failure` with what stopped it. */
export type JobEnd =
  | { readonly status: "success" }
  | { readonly status: "retry" | "failure"; readonly error: unknown };

/** What a worker needs. */
export interface WorkerDeps {
  readonly queue: Queue;
  readonly handlers: readonly JobHandler[];
  readonly log: Logger;
  /** Told how each try of a job ended. */
  readonly onEnd: (job: LeasedJob, end: JobEnd) => void;
}

/**
 * Takes one job after the other, most urgent first. One at a time: inference fills a core, so more
 * throughput means more workers (see `docs/decisions/0005-one-job-at-a-time.md`).
 */
export class Worker {
  readonly #config: WorkerConfig;
  readonly #deps: WorkerDeps;
  readonly #kinds: string[];
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(config: WorkerConfig, deps: WorkerDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#kinds = deps.handlers.map(({ kind }) => kind);
  }

  /** Takes back at once what an earlier life of this worker held, then begins. */
  async start(): Promise<void> {
    await this.#deps.queue.reclaim();
    this.#loop = this.#run();
  }

  /** Finishes the job at hand, or gives it back, and takes no other. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const [job] = await this.#lease();
      if (!job) await this.#work(signal);
      else if (signal.aborted) await this.#deps.queue.release(job);
      else await this.#do(job);
    }
  }

  async #lease(): Promise<LeasedJob[]> {
    try {
      return await this.#deps.queue.lease(this.#kinds, 1);
    } catch (error) {
      this.#deps.log.warn({ err: error }, "take work");
      return [];
    }
  }

  /** Resolves when there may be work, after `pollMs`, or when stopped. */
  #work(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stopListening();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, this.#config.pollMs);
      const stopListening = this.#deps.queue.onWork(done);
      signal.addEventListener("abort", done);
    });
  }

  async #do(job: LeasedJob): Promise<void> {
    const handler = this.#deps.handlers.find(({ kind }) => kind === job.kind)!;
    const lost = new AbortController();
    const keep = setInterval(() => {
      this.#deps.queue.extend(job).then(
        (held) => held || lost.abort(new LeaseLost(job.id)),
        (error: unknown) => this.#deps.log.warn({ err: error }, "extend lease"),
      );
    }, this.#config.leaseMs / 3);
    try {
      if (job.attempt > job.maxTries) throw diedEachTime(job);
      await handler.run(job, lost.signal);
      this.#deps.onEnd(job, { status: "success" });
    } catch (error) {
      await this.#failed(job, handler, error).catch((again: unknown) =>
        // The database is out of reach: the lease runs out and the job is taken again.
        this.#deps.log.error({ err: again }, "put back a failed job"),
      );
    } finally {
      clearInterval(keep);
    }
  }

  async #failed(job: LeasedJob, handler: JobHandler, error: unknown): Promise<void> {
    if (error instanceof DoorbellError && error.code === "lease_lost") return;
    // What nobody foresaw may pass; what is known not to pass is not tried again.
    const known = error instanceof DoorbellError ? error : undefined;
    const counts = !NO_FAULT_OF_THE_JOB.has(known?.code ?? "");
    const again = !counts || (job.attempt < job.maxTries && (known?.retryable ?? true));
    this.#deps.onEnd(job, { status: again ? "retry" : "failure", error });
    if (again) {
      await this.#deps.queue.fail(job, { message: messageOf(error), retryable: true, counts });
      return;
    }
    const code = error instanceof DoorbellError ? error.code : "failed";
    await handler.giveUp(job, { code, message: messageOf(error) });
  }
}

function diedEachTime({ id, maxTries }: LeasedJob): DoorbellError {
  return new DoorbellError(`do job ${id}: the worker died in each of its ${maxTries} tries`, {
    code: "worker_died",
    hint: "What it worked on may be made to break it: keep it, and report it with the log.",
  });
}
