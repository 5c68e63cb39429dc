import type { ServerResponse } from "node:http";

/** Why a stream ended: told to the client as its last event, unless the client left by itself. */
export type EndReason = "left" | "closing" | "signed_out" | "too_slow" | "failed";

/** One answer that is a stream of server-sent events. */
export interface EventResponse {
  /** Aborted once the stream has ended, for whatever reason. */
  readonly ended: AbortSignal;
  /** Writes a block; resolves when there is room for another one. A reader that makes none is cut. */
  write(block: string): Promise<void>;
  /** Writes a comment, unless something is on its way already. */
  beat(): void;
  end(reason: EndReason): void;
}

/** How long a reader may take to fetch the last event before the connection is dropped, ms. */
const LINGER_MS = 2_000;

/** Begins a stream. @param stallMs a reader that takes nothing for so long is cut */
export function eventResponse(
  raw: ServerResponse,
  headers: Readonly<Record<string, number | string | string[] | undefined>>,
  { stallMs }: { stallMs: number },
): EventResponse {
  const over = new AbortController();
  const end = (reason: EndReason): void => {
    if (over.signal.aborted) return;
    over.abort();
    if (reason === "left") return;
    raw.end(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
    const linger = setTimeout(() => raw.destroy(), LINGER_MS).unref();
    raw.once("close", () => clearTimeout(linger));
  };
  raw.once("close", () => end("left"));
  if (raw.destroyed) end("left");
  raw.writeHead(200, { ...headers, "content-type": "text/event-stream", "x-accel-buffering": "no" });
  return {
    ended: over.signal,
    async write(block) {
      if (over.signal.aborted || raw.write(block)) return;
      if (!(await room(raw, stallMs, over.signal))) end("too_slow");
    },
    beat() {
      if (!over.signal.aborted && raw.writableLength === 0) raw.write(":\n\n");
    },
    end,
  };
}

/** True when the socket took what was written, or the stream ended; false when it took nothing in time. */
function room(raw: ServerResponse, stallMs: number, ended: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (hasRoom: boolean): void => {
      clearTimeout(timer);
      raw.off("drain", onRoom);
      ended.removeEventListener("abort", onRoom);
      resolve(hasRoom);
    };
    const onRoom = (): void => settle(true);
    const timer = setTimeout(() => settle(false), stallMs);
    raw.once("drain", onRoom);
    ended.addEventListener("abort", onRoom);
  });
}
