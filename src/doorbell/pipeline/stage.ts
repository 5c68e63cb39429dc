import { DoorbellError } from "../../lib/errors.ts";

/** The stages of a visit, in their order: names of spans, of the histogram's label and of failpoints. */
export const STAGES = ["capture", "detect", "recognise", "decide", "record", "notify"] as const;
/** One of `STAGES`. */
export type StageName = (typeof STAGES)[number];

/** What surrounds each run of a stage: a span and a sample of its duration. */
export interface StageObserver {
  /**
   * Runs `work` inside the stage's span and takes its time. Errors pass through.
   * @param failureOf finds the failure in a result that is one, and is no error to the caller
   */
  run<T>(stage: StageName, work: () => Promise<T>, failureOf?: (result: T) => unknown): Promise<T>;
}

/** A visit that cannot go on. `retryable` says whether trying again may help. */
export class PipelineError extends DoorbellError {}
