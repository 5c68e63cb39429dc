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
  readonly watch: DeliveryWatch;
}

/** How a try that failed ends: it is tried again, or lies with the dead letters. */
type Failure = Extract<Ending, { to: "waiting" | "dead" }>;

/** Sees every try: for logs, counters of errors and traces. */
export interface DeliveryWatch {
  /** Runs one try and the recording of its end, such as inside a span. Errors pass through. */
  inTrace(delivery: HeldDelivery, work: () => Promise<void>): Promise<void>;
  /** Told inside the trace, when the receiver has taken it and that is recorded. */
  onSent(delivery: HeldDelivery): void;
  /** Told inside the trace why a try failed and what becomes of the delivery. */
  onFailed(delivery: HeldDelivery, error: unknown, fate: Failure["to"]): void;
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
  try {
    refuseHopeless(held, channel, limits);
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
    const ending = endingOf(error, held, limits, deps);
    deps.watch.onFailed(held, error, ending.to);
    return ending;
  }
}

/** Throws of what an earlier life of the process has left in a state in which it must not be sent again. */
function refuseHopeless({ attempt, uncertain }: HeldDelivery, channel: Channel, limits: TryLimits): void {
  if (attempt > limits.maxTries)
    throw new ChannelError(`deliver to ${channel.name}: the process died in each try`, {
      code: "tries_exhausted",
      hint: "Look at the log of `ops`, then deliver it once more.",
    });
  if (uncertain && !channel.recognisesRepeats)
    throw new ChannelError(`deliver to ${channel.name}: the process ended while it was sent`, {
      code: "outcome_unknown",
      hint: "It may have arrived: look before you deliver it once more.",
    });
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
function endingOf(
  error: unknown,
  held: HeldDelivery,
  limits: TryLimits,
  { clock, random }: TryDeps,
): Failure {
  const code = error instanceof DoorbellError ? error.code : "failed";
  const mayPass = !(error instanceof DoorbellError) || error.retryable;
  if (!mayPass || held.attempt >= limits.maxTries) return { to: "dead", code };
  const asked = error instanceof ChannelError ? error.retryAfterMs : undefined;
  const patience = Math.min(asked ?? 0, LONGEST_PATIENCE_MS);
  const waitMs = Math.max(patience, backoffMs(limits.retry, held.attempt, random));
  return { to: "waiting", code, next: later(clock, waitMs), everyone: asked !== undefined };
}
