import { type Backoff, backoffMs } from "../lib/backoff.ts";
import type { Clock, Moment } from "../lib/clock.ts";
import { DoorbellError } from "../lib/errors.ts";
import { failpoint } from "../lib/failpoint.ts";
import { type Database, StorageError } from "../storage/database.ts";
import { type Channel, ChannelError } from "./channel.ts";
import type { HeldDelivery } from "./leasing.ts";
import { type Ending, markSending } from "./outbox.ts";
import type { Render } from "./render.ts";

/** How often and how long a delivery is tried. */
export interface TryLimits {
  /** After so many tries it goes to the dead letters. */
  readonly maxTries: number;
  readonly retry: Backoff;
  /** How long one try may take, ms. */
  readonly timeoutMs: number;
}

/** What a try needs. */
export interface TryDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly render: Render;
  /** In [0, 1); `Math.random` by default. */
  readonly random?: () => number;
}

/** A receiver's own wish for patience is heard up to an hour, ms. */
const LONGEST_PATIENCE_MS = 3_600_000;

/**
 * One try of a held delivery, up to what is to be recorded of it; null when it was acknowledged or its lease
 * lost before anything was sent.
 *
 * That it is being sent is durable before the first byte leaves, and how it ended afterwards. Where a crash
 * falls between the two, nobody here can know whether it arrived. Then it is sent again under the same id
 * where the channel's receivers recognise that (at least once, and once for whoever looks at the id); on
 * other channels it goes to the dead letters as `outcome_unknown` (at most once, and a person decides).
 *
 * @param stopping aborted when the process will wait no longer
 */
export async function tryDelivery(
  held: HeldDelivery,
  channel: Channel,
  limits: TryLimits,
  deps: TryDeps,
  stopping: AbortSignal,
): Promise<Ending | null> {
  if (held.attempt > limits.maxTries) return { to: "dead", code: "tries_exhausted" };
  if (held.uncertain && !channel.recognisesRepeats) return { to: "dead", code: "outcome_unknown" };
  try {
    const message = await deps.render(held);
    if (!message) return { to: "cancelled", code: "nothing_to_tell" };
    stopping.throwIfAborted();
    const until = later(deps.clock, leaseMs(limits));
    if (!(await deps.database.write(markSending, { hold: { id: held.id, lease: held.lease }, until })))
      return null;
    failpoint("outbox.before-send");
    await channel.deliver(message, AbortSignal.any([stopping, AbortSignal.timeout(limits.timeoutMs)]));
    failpoint("outbox.after-send");
    return { to: "delivered" };
  } catch (error) {
    if (stopping.aborted || error instanceof StorageError) return { to: "released" };
    return endingOf(error, held, limits, deps);
  }
}

/** How long a delivery is held: its try, and time to record it, ms. */
export function leaseMs({ timeoutMs }: TryLimits): number {
  return timeoutMs + 15_000;
}

/** The moment so many ms from now. */
export function later(clock: Clock, ms: number): Moment {
  const { boot, uptimeMs } = clock.moment();
  return { boot, uptimeMs: uptimeMs + ms };
}

/** What becomes of a delivery that failed: the thrower knows if it may pass; what nobody foresaw may. */
function endingOf(error: unknown, held: HeldDelivery, limits: TryLimits, { clock, random }: TryDeps): Ending {
  const code = error instanceof DoorbellError ? error.code : "failed";
  const mayPass = !(error instanceof DoorbellError) || error.retryable;
  if (!mayPass || held.attempt >= limits.maxTries) return { to: "dead", code };
  const asked = error instanceof ChannelError ? error.retryAfterMs : undefined;
  const patience = Math.min(asked ?? 0, LONGEST_PATIENCE_MS);
  const waitMs = Math.max(patience, backoffMs(limits.retry, held.attempt, random));
  return { to: "waiting", code, next: later(clock, waitMs), everyone: asked !== undefined };
}
