import { trace } from "@opentelemetry/api";
import type { Logger } from "pino";
import { DoorbellError } from "../lib/errors.ts";
import { correlate } from "../monitoring/logging/logger.ts";
import { recordFailure, withRemoteParent } from "../monitoring/tracing/carrier.ts";
import { ChannelError } from "../notifications/channel.ts";
import type { HeldDelivery } from "../notifications/leasing.ts";
import type { DeliveryWatch } from "../notifications/try-delivery.ts";
import type { Failed } from "./failures.ts";

/** Where deliveries are told of. */
export interface DeliveryWatchDeps {
  readonly log: Logger;
  readonly failed: Failed<"notifications">;
}

/**
 * A span for each try, in the trace of its visit; a line for each delivery sent and each try that failed, which
 * is counted too: a warning where it is tried again, an error where it goes to the dead letters.
 */
export function deliveryWatch({ log, failed }: DeliveryWatchDeps): DeliveryWatch {
  const logOf = ({ id, channel, attempt, visitId, traceparent }: HeldDelivery, more: object = {}): Logger => {
    const ofVisit = visitId === null ? log : correlate(log, visitId, traceparent?.split("-")[1]);
    return ofVisit.child({
      "doorbell.delivery": id,
      "doorbell.channel": channel,
      "doorbell.attempt": attempt,
      ...more,
    });
  };
  return {
    inTrace: (delivery, work) =>
      withRemoteParent(
        delivery.traceparent,
        "deliver",
        {
          "doorbell.channel": delivery.channel,
          "doorbell.delivery": delivery.id,
          "doorbell.attempt": delivery.attempt,
          ...(delivery.visitId !== null && { "visit.id": delivery.visitId }),
        },
        work,
      ),
    onSent: (delivery) => logOf(delivery).info("delivery sent"),
    onFailed(delivery, error, fate) {
      const active = trace.getActiveSpan();
      if (active) recordFailure(active, error);
      const hint = error instanceof DoorbellError && { "doorbell.hint": error.hint };
      const [doing, severity] = TOLD[fate];
      failed("notifications", doing, withoutCause(error), severity, logOf(delivery, hint || {}));
    },
  };
}

const TOLD = {
  waiting: ["delivery failed, to be tried again", "warning"],
  dead: ["delivery is dead", "error"],
} as const;

/** What a channel's error was caused by may quote the receiver, with its addresses: not for the log. */
function withoutCause(error: unknown): unknown {
  if (!(error instanceof ChannelError)) return error;
  const { message, code, hint, retryable, stack } = error;
  return Object.assign(new ChannelError(message, { code, hint, retryable }), { stack });
}
