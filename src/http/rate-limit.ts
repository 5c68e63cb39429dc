import type { Clock } from "../lib/clock.ts";

/** Counts the requests of each caller. */
export interface RateLimit {
  /** Takes one request of `key`: 0 when it may go on, else how long the caller has to wait, ms. */
  take(key: string): number;
}

const WINDOW_MS = 60_000;
const MOST_KEYS = 10_000;

/**
 * Lets each key through `perMinute` times a minute, in bursts up to a whole minute's worth (generic cell
 * rate algorithm, ITU-T I.371: one number a key).
 */
export function rateLimit(config: { enabled: boolean; perMinute: number }, clock: Clock): RateLimit {
  if (!config.enabled) return { take: () => 0 };
  const intervalMs = WINDOW_MS / config.perMinute;
  /** When each key's budget is whole again, monotonic ms. */
  const wholeAt = new Map<string, number>();
  return {
    take(key) {
      const now = clock.moment().uptimeMs;
      const whole = Math.max(now, wholeAt.get(key) ?? 0);
      const waitMs = whole + intervalMs - WINDOW_MS - now;
      if (waitMs > 0) return Math.ceil(waitMs);
      if (wholeAt.size >= MOST_KEYS && !wholeAt.has(key)) makeRoom(wholeAt, now);
      wholeAt.set(key, whole + intervalMs);
      return 0;
    },
  };
}

/** Forgets who has a whole budget; if that is nobody, whoever came first. */
function makeRoom(wholeAt: Map<string, number>, now: number): void {
  for (const [key, whole] of wholeAt) if (whole <= now) wholeAt.delete(key);
  const [first] = wholeAt.keys();
  if (first !== undefined && wholeAt.size >= MOST_KEYS) wholeAt.delete(first);
}
