import { setTimeout as wait } from "node:timers/promises";
import { isRetryable } from "../lib/errors.ts";
import { CliError } from "./exit.ts";

/** One server-sent event. */
export interface ServerEvent {
  /** `message` where the server named none. */
  readonly type: string;
  /** Its lines of data, with line ends between them. */
  readonly data: string;
}

/** Takes a stream of server-sent events apart, in whatever pieces it comes. */
export interface EventParser {
  /** The events that are whole with this piece. @throws CliError when a line or an event is longer than 64 Ki */
  push(chunk: Uint8Array): ServerEvent[];
  /** What a client that comes back names as `Last-Event-ID`; empty before there was one. */
  readonly lastEventId: string;
  /** How long the server wants it to wait before that, ms; undefined where it did not say. */
  readonly retryMs: number | undefined;
}

/** Longest line, and most data of one event, characters. */
const LONGEST = 65_536;

/**
 * Creates an `EventParser` for one connection (WHATWG HTML, 9.2.6 "Interpreting an event stream").
 * @param lastEventId that of the connection before
 */
export function eventParser(lastEventId = ""): EventParser {
  const decoder = new TextDecoder();
  let retryMs: number | undefined;
  let rest = "";
  let endedWithReturn = false;
  let [type, data, id] = ["", "", lastEventId];

  const dispatch = (): ServerEvent[] => {
    lastEventId = id;
    const event = { type: type || "message", data: data.slice(0, -1) };
    const isEvent = data !== "";
    [type, data] = ["", ""];
    return isEvent ? [event] : [];
  };

  const read = (line: string): void => {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
    if (field === "event") type = value;
    else if (field === "data") data += `${value}\n`;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d+$/.test(value)) retryMs = Number(value);
  };

  return {
    push(chunk) {
      const text = decoder.decode(chunk, { stream: true });
      if (text === "") return [];
      // The second half of a line end whose first half closed the piece before.
      const lines = (rest + (endedWithReturn ? text.replace(/^\n/, "") : text)).split(/\r\n|\n|\r/);
      endedWithReturn = text.endsWith("\r");
      rest = lines.pop()!;
      return [...lines, rest].flatMap((line, index) => {
        if (line.length + data.length > LONGEST) throw tooLong();
        if (index === lines.length) return [];
        if (line === "") return dispatch();
        read(line);
        return [];
      });
    },
    get lastEventId() {
      return lastEventId;
    },
    get retryMs() {
      return retryMs;
    },
  };
}

/** What a stream that is followed gives: `open` first, `cut` when it broke and is tried again, then `reopened`. */
export type Followed =
  | { readonly kind: "open" | "cut" | "reopened" }
  | { readonly kind: "event"; readonly event: ServerEvent };

/** Where a reader of the stream stands. */
interface Position {
  lastEventId: string;
  retryMs: number;
}

/** Wait before the next connection where the server names none, and its bounds, ms. */
const RETRY = { usual: 2_000, least: 10, most: 30_000 } as const;

type Connect = (lastEventId: string) => Promise<AsyncIterable<Uint8Array>>;

/**
 * Follows a stream of server-sent events until `signal` aborts, over every cut: it comes back with the id of
 * the last event, after the wait that the server asks for, doubled while it is not reached.
 * @param connect opens the stream after an event, from now on where the id is empty; the stream ends with `signal`
 * @throws whatever the first connection fails with; later only what no repetition can help
 */
export async function* followEvents(connect: Connect, signal: AbortSignal): AsyncGenerator<Followed> {
  const position: Position = { lastEventId: "", retryMs: RETRY.usual };
  let stream: AsyncIterable<Uint8Array> | undefined = await connect("");
  yield { kind: "open" };
  while (stream) {
    for await (const event of eventsOf(stream, position)) yield { kind: "event", event };
    if (signal.aborted) return;
    yield { kind: "cut" };
    stream = await reconnect(connect, position, signal);
    if (stream) yield { kind: "reopened" };
  }
}

async function* eventsOf(stream: AsyncIterable<Uint8Array>, position: Position): AsyncGenerator<ServerEvent> {
  const parser = eventParser(position.lastEventId);
  for await (const chunk of unbroken(stream)) {
    yield* parser.push(chunk);
    position.lastEventId = parser.lastEventId;
    position.retryMs = parser.retryMs ?? position.retryMs;
  }
}

/** The pieces of a stream; one that breaks ends: the next connection follows it up. */
async function* unbroken(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch {}
}

/** Tries until the server is reached; undefined when stopped. */
async function reconnect(connect: Connect, { lastEventId, retryMs }: Position, signal: AbortSignal) {
  for (let failures = 0; ; failures++) {
    const delay = Math.min(Math.max(retryMs, RETRY.least) * 2 ** failures, RETRY.most);
    await wait(delay, undefined, { signal }).catch(() => {});
    if (signal.aborted) return undefined;
    try {
      return await connect(lastEventId);
    } catch (error) {
      if (!isRetryable(error) && !signal.aborted) throw error;
    }
  }
}

function tooLong(): CliError {
  return new CliError(`read event stream: a line or an event is longer than ${LONGEST} characters`, {
    code: "stream_unreadable",
    hint: "Is it a doorbell system that answers there?",
    exit: "failed",
  });
}
