import { readFileSync } from "node:fs";

/**
 * A point on the machine's monotonic clock, comparable between processes and unmoved when the wall clock
 * is set. Two moments of different boots cannot be compared: the earlier boot is over.
 */
export interface Moment {
  /** Identity of the boot, from the kernel. */
  readonly boot: string;
  /** Milliseconds since that boot, whole. */
  readonly uptimeMs: number;
}

/** The two clocks of the machine, injected wherever time is read. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch: for records, never for durations. */
  now(): number;
  /** Monotonic clock: for durations, leases and time-outs. */
  moment(): Moment;
}

/** True when `moment` lies in the past: an earlier boot, or an earlier uptime of this one. */
export function isPast(moment: Moment, now: Moment): boolean {
  return moment.boot !== now.boot || moment.uptimeMs <= now.uptimeMs;
}

/** The real clocks (Linux: CLOCK_REALTIME, CLOCK_MONOTONIC and the kernel's boot id). */
export function systemClock(): Clock {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return {
    now: () => Date.now(),
    moment: () => ({ boot, uptimeMs: Number(process.hrtime.bigint() / 1_000_000n) }),
  };
}

/** A clock for tests that moves only when told. Wall and monotonic time move apart with `setWall`. */
export interface ManualClock extends Clock {
  /** Moves both clocks forward by `ms`. */
  advance(ms: number): void;
  /** Sets the wall clock alone, as a time server or a user does. */
  setWall(now: number): void;
  /** A new boot: monotonic time starts at zero under another boot id. */
  reboot(): void;
}

/** Creates a `ManualClock`. @param start wall clock at first, ms since the epoch */
export function manualClock(start = Date.UTC(2026, 0, 1, 12)): ManualClock {
  let wall = start;
  let uptimeMs = 1_000_000;
  let boots = 1;
  return {
    now: () => wall,
    moment: () => ({ boot: `boot-${boots}`, uptimeMs }),
    advance(ms) {
      wall += ms;
      uptimeMs += ms;
    },
    setWall(now) {
      wall = now;
    },
    reboot() {
      boots += 1;
      uptimeMs = 0;
    },
  };
}
