import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { DoorbellError, messageOf } from "../lib/errors.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import { publishSocket } from "./local-socket.ts";

/** Where a listener takes connections: an inherited descriptor, an address, or a socket in the file system. */
export type Place =
  | { readonly fd: number }
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

/** One node HTTP server with its limits, and the order in which it stops. */
export interface Listener {
  readonly server: Server;
  /** Takes connections. Answers its URL, or the path of its socket. @throws ListenError */
  open(place: Place): Promise<string>;
  /**
   * Stops listening at once, lets requests under way be answered, tells clients on open connections to
   * close them, and after `drainMs` closes whatever is left.
   */
  close(drainMs: number): Promise<void>;
}

/** A socket that cannot be listened on. */
export class ListenError extends DoorbellError {}

/** Limits of the listener. */
export interface ListenerConfig {
  /** Time for a request to arrive, ms. */
  readonly requestTimeoutMs: number;
}

/** How often Node looks for requests that are late, ms. */
export const LATE_CHECK_MS = 500;
const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than the minute after which proxies close: they, not we, decide to reuse a connection. */
const KEEP_ALIVE_MS = 65_000;
/** How long connections between two requests are still answered on while stopping, ms. */
const FAREWELL_MS = 500;

/** Makes a server for `handler`. Nothing listens yet. */
export function httpListener(handler: RequestListener, { requestTimeoutMs }: ListenerConfig): Listener {
  let isClosing = false;
  /** Connections on which nothing was asked yet: browsers open some in advance. */
  const silent = new Set<Duplex>();
  /** The newest response of each connection. */
  const latest = new WeakMap<Duplex, ServerResponse>();
  let removeSocket = async (): Promise<void> => {};
  const onRequest: RequestListener = (request, response) => {
    silent.delete(request.socket);
    latest.set(request.socket, response);
    if (isClosing) response.setHeader("connection", "close");
    handler(request, response);
  };
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: LATE_CHECK_MS,
    },
    onRequest,
  );
  // An expectation that nobody knows is no reason to refuse (RFC 9110, 10.1.1).
  server.on("checkExpectation", onRequest);
  server.on("connection", (socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  // A reader that takes nothing of its answer for so long is cut.
  server.setTimeout(requestTimeoutMs + KEEP_ALIVE_MS);
  server.on("clientError", (error, socket) => {
    const response = latest.get(socket);
    // What goes wrong with the rest of a request that has its answer gets no second one.
    if (response?.headersSent && !response.req.complete) socket.destroy();
    else answerBrokenRequest(error, socket);
  });

  const listen = async (place: Place): Promise<void> => {
    server.listen(place);
    await once(server, "listening");
  };
  return {
    server,
    async open(place) {
      try {
        if ("path" in place) removeSocket = await publishSocket(place.path, (path) => listen({ path }));
        else await listen(place);
      } catch (error) {
        throw listenError(place, error);
      }
      return "path" in place ? place.path : urlOf(server.address() as AddressInfo);
    },
    async close(drainMs) {
      isClosing = true;
      if (!server.listening) return;
      await removeSocket();
      const closed = once(server, "close");
      // The HTTP server's own `close` would cut connections at the very moment a request comes in on them.
      NetServer.prototype.close.call(server);
      const farewell = new AbortController();
      const ended = closed.then(() => farewell.abort());
      const pause = (ms: number): Promise<void> => wait(ms, undefined, farewell).catch(() => {});
      await pause(Math.min(FAREWELL_MS, drainMs));
      server.closeIdleConnections();
      for (const socket of silent) socket.destroy();
      await pause(Math.max(0, drainMs - FAREWELL_MS));
      server.closeAllConnections();
      await ended;
      server.close(() => {});
    },
  };
}

function urlOf({ address, port, family }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

function listenError(place: Place, cause: unknown): ListenError {
  const where =
    "fd" in place ? `descriptor ${place.fd}` : "path" in place ? place.path : `${place.host}:${place.port}`;
  const code = (cause as NodeJS.ErrnoException).code;
  return new ListenError(`listen on ${where}: ${messageOf(cause)}`, {
    code: "listen_failed",
    hint:
      code === "EADDRINUSE"
        ? "Something else listens there: stop it, or set another `http.port`."
        : "Look at `http.host` and `http.port`, and at the rights of the data folder.",
    cause,
  });
}
