/**
 * The outcome of any check. No data is never a pass: `unknown` when it could not be found out, `stale`
 * when what is known is too old, `insufficient` when there are too few samples, `manual` when only a
 * person can tell.
 */
export type Verdict = "pass" | "fail" | "unknown" | "stale" | "manual" | "insufficient";

const ORDER: readonly Verdict[] = ["fail", "unknown", "stale", "insufficient", "manual", "pass"];

/** The verdict over several: the worst of them; `unknown` over none. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return ORDER.find((verdict) => verdicts.includes(verdict)) ?? "unknown";
}
