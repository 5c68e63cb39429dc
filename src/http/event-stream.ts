import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Database } from "../storage/database.ts";
import { followEvents, lastSequence, type SequencedEvent } from "../storage/events.ts";
import type { Callers } from "./access/callers.ts";
import { calmly } from "./calm.ts";
import { type EventResponse, eventResponse } from "./event-response.ts";
import type { HttpLog } from "./log.ts";
import { HttpError } from "./problem.ts";

/** Query of every stream: where to go on from, for clients that cannot send `Last-Event-ID`. */
export const streamQuery = z.object({
  after: z.coerce.number().int().min(0).optional().describe("Sequence of the last event already seen."),
});

/** How a route's description says that it is a stream. */
export const streamDescription = {
  headers: z.object({
    "Last-Event-ID": z
      .string()
      .regex(/^\d{1,15}$/)
      .optional()
      .describe("Sequence of the last event already seen; goes before `after`."),
  }),
  produces: { "text/event-stream": z.string() },
};

/** What a stream is made of. */
export interface StreamSource {
  /** Only kinds of events that begin so, such as `visit.`. */
  readonly prefix?: string;
  /** The JSON that the page gets for an event; undefined leaves it out. */
  render(event: SequencedEvent): unknown;
}

/** Server-sent events (WHATWG HTML, 9.2) from the bus: resumed by its sequence, each event exactly once. */
export interface EventStreams {
  /**
   * Answers with a stream until the client leaves, its access ends, it reads too slowly, or `end` is called.
   * The last event then is `end` with the reason; a client that comes back goes on from where it was.
   * @throws HttpError `request_invalid`, `too_many_streams`
   */
  send(request: FastifyRequest, reply: FastifyReply, source: StreamSource): Promise<void>;
  /** Ends every stream, now and later: the process stops. */
  end(): void;
}

/** How streams are kept. */
export interface StreamConfig {
  /** Streams open at once; each reads the bus for itself. */
  readonly maxStreams: number;
  /** How long a client waits before it comes back, ms. */
  readonly retryMs?: number;
  /** A comment is sent so often, so that proxies keep the connection, ms. */
  readonly heartbeatMs?: number;
  /** A reader that takes nothing for so long is cut, ms. */
  readonly stallMs?: number;
}

/** What streams need. */
export interface StreamDeps {
  readonly database: Database;
  readonly callers: Pick<Callers, "holds" | "onForget">;
  readonly log: HttpLog;
}

/** How far apart a stream looks at the bus, ms: sooner than the eye. */
const GAP_MS = 50;

/** Creates `EventStreams`. */
export function eventStreams(config: StreamConfig, deps: StreamDeps): EventStreams {
  const { maxStreams, retryMs = 2_000, heartbeatMs = 15_000, stallMs = 30_000 } = config;
  const { callers, log } = deps;
  const database = calmly(deps.database, GAP_MS);
  const open = new Set<EventResponse>();
  let isClosing = false;

  const watch = (stream: EventResponse, { principal }: FastifyRequest): void => {
    const check = async (): Promise<void> => {
      if (!(await callers.holds(principal))) stream.end("signed_out");
    };
    const recheck = (): void => void check().catch(() => stream.end("failed"));
    const heart = setInterval(() => {
      stream.beat();
      recheck();
    }, heartbeatMs);
    const stopListening = callers.onForget(recheck);
    stream.ended.addEventListener("abort", () => {
      clearInterval(heart);
      stopListening();
      open.delete(stream);
    });
  };

  const pass = async (
    stream: EventResponse,
    after: number,
    { prefix, render }: StreamSource,
  ): Promise<void> => {
    const follow = { after, signal: stream.ended, ...(prefix !== undefined && { prefix }) };
    for await (const event of followEvents(database, follow)) {
      const data = await render(event);
      if (data === undefined) continue;
      await stream.write(`id: ${event.seq}\nevent: ${event.kind}\ndata: ${JSON.stringify(data)}\n\n`);
      if (stream.ended.aborted) return;
    }
  };

  return {
    async send(request, reply, source) {
      const asked = askedFor(request);
      const newest = await lastSequence(database);
      if (isClosing || open.size >= maxStreams) throw tooMany();
      // A sequence from the future is that of a database since replaced by a backup.
      const isLost = asked !== undefined && asked > newest;
      const after = isLost ? newest : (asked ?? newest);

      reply.hijack();
      const stream = eventResponse(reply.raw, reply.getHeaders(), { stallMs });
      open.add(stream);
      watch(stream, request);
      try {
        await stream.write(`retry: ${retryMs}\nid: ${after}\n${isLost ? "event: reset\ndata: {}\n" : ""}\n`);
        await pass(stream, after, source);
      } catch (error) {
        log.error({ err: error }, "event stream failed");
        stream.end("failed");
      }
    },
    end() {
      isClosing = true;
      for (const stream of open) stream.end("closing");
    },
  };
}

/** The sequence after which the client wants to go on; undefined where it has none. */
function askedFor({ headers, query }: FastifyRequest): number | undefined {
  const text = headers["last-event-id"];
  if (text === undefined) return (query as z.output<typeof streamQuery>).after;
  if (/^\d{1,15}$/.test(String(text))) return Number(text);
  const detail = "it is not a sequence of this stream";
  throw new HttpError(`read Last-Event-ID: ${detail}`, {
    code: "request_invalid",
    hint: "Send the id of the last event seen, or leave it out to begin now.",
    errors: [{ in: "headers", field: "last-event-id", detail }],
  });
}

function tooMany(): HttpError {
  return new HttpError("open event stream: too many are open, or the system stops", {
    code: "too_many_streams",
    hint: "Close some live pages, or raise `http.maxEventStreams` in the configuration.",
    retryAfterS: 5,
  });
}
