import { z } from "zod";
import type { Channel } from "../channel.ts";

/** Settings of a log channel: none. */
export const logSettings = z.strictObject({
  kind: z.literal("log").describe("Writes one line a message into the system's own log, without names."),
});

/** What a message is to the log: ids and codes, no name, no text. */
export interface DeliveryLine {
  readonly channel: string;
  readonly delivery: string;
  readonly kind: string;
  readonly urgent: boolean;
  readonly visit?: string;
  readonly outcome?: string;
}

/** A channel into the log. @param name as configured */
export function logChannel(name: string, { log }: { log: (line: DeliveryLine) => void }): Channel {
  return {
    kind: "log",
    name,
    recognisesRepeats: true,
    async deliver({ id, kind, urgent, visit }, signal) {
      signal.throwIfAborted();
      log({
        channel: name,
        delivery: id,
        kind,
        urgent,
        ...(visit && { visit: visit.id, outcome: visit.outcome }),
      });
    },
  };
}
