import type { FastifyReply, FastifyRequest } from "fastify";
import { originOf } from "./access/gate.ts";
import type { HttpLog } from "./log.ts";

const LONGEST_PATH = 200;

/**
 * Writes one line a request, as an `onResponse` hook: who, what, how it ended and how long it took. Of the
 * address only the path, since queries may hold what nobody should read; and of open routes with parameters
 * only the pattern, since there the parameter is what opens them.
 */
export function accessLog(log: HttpLog) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { config, url: route } = request.routeOptions;
    const isQuiet = config.quiet === true && reply.statusCode < 400;
    if (!isQuiet) {
      log.info(
        {
          http: {
            request: { id: request.id, method: request.method },
            response: { status_code: reply.statusCode },
          },
          url: { path: config.access === "open" ? route : pathOf(request.url) },
          client: { address: originOf(request) },
          // Not the actor: the name of a token looks like a secret, and redaction would take its time over it.
          user: { id: request.principal.userId ?? request.principal.kind },
          event: { duration: Math.round(reply.elapsedTime * 1e6) },
        },
        "request answered",
      );
    }
    done();
  };
}

/** The path of an address, cut to what a log can bear. */
export function pathOf(url: string): string {
  const query = url.indexOf("?");
  return url.slice(0, query < 0 ? LONGEST_PATH : Math.min(query, LONGEST_PATH));
}
