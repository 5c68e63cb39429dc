import { addAbortSignal } from "node:stream";
import { z } from "zod";
import type { Client } from "../client.ts";
import { followEvents } from "../event-source.ts";

/** What happens to visits: what the stream does, as `Followed`, or a change of one visit or its deliveries. */
export type VisitChange =
  | { readonly kind: "open" | "cut" | "reopened" }
  | { readonly kind: "change"; readonly event: string; readonly visitId: string };

/** A stream that is silent for longer is dead, ms: the system sends a sign of life every 15 s. */
const SILENCE_MS = 60_000;

const changed = z.object({ visitId: z.string() });

/**
 * Follows the visits from now on, over restarts of the system, until `signal` aborts. What is read after
 * `open` misses nothing that a later change tells of.
 * @throws CliError as `followEvents`
 */
export async function* followVisits(client: Client, signal: AbortSignal): AsyncGenerator<VisitChange> {
  const connect = async (lastEventId: string) => {
    const headers = { accept: "text/event-stream", ...(lastEventId && { "last-event-id": lastEventId }) };
    const stream = await client.open({ path: "/api/visits/stream", headers });
    stream.setTimeout(SILENCE_MS, () => stream.destroy(new Error("silent")));
    return addAbortSignal(signal, stream);
  };
  for await (const followed of followEvents(connect, signal)) {
    if (followed.kind !== "event") yield followed;
    else {
      const { success, data } = changed.safeParse(parse(followed.event.data));
      if (success) yield { kind: "change", event: followed.event.type, visitId: data.visitId };
    }
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // Not one of ours.
  }
}
