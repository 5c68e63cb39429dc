/** How long to wait between tries: doubles from `firstMs` up to `maxMs`, with jitter against herds. */
export interface Backoff {
  /** Wait after the first failure, ms. */
  readonly firstMs: number;
  /** Longest wait, ms. */
  readonly maxMs: number;
}

/**
 * The wait before the next try, ms: half of it fixed, half random ("equal jitter", Amazon Builders'
 * Library, "Timeouts, retries, and backoff with jitter").
 * @param failures how many tries have failed so far, from 1
 * @param random in [0, 1)
 */
export function backoffMs(backoff: Backoff, failures: number, random: () => number = Math.random): number {
  const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
