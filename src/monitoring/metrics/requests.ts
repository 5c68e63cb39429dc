import type { FastifyInstance } from "fastify";
import { methodLabel, statusClass } from "./label-values.ts";
import type { Metrics } from "./registry.ts";

/** The status of a request whose client left before the answer began, as nginx counts it. */
const CLIENT_LEFT = 499;

/**
 * Feeds `http_request_duration_seconds` from every request of a server, also those that find no route, fail or
 * are given up; to be called before the routes are added.
 */
export function measureRequests(
  app: FastifyInstance,
  metrics: Pick<Metrics<"web">, "httpRequestDurationSeconds">,
): void {
  app.addHook("onRequest", (request, reply, done) => {
    // Not `onResponse`: it stays silent where the client left first.
    reply.raw.once("close", () => {
      const status = reply.raw.headersSent ? reply.raw.statusCode : CLIENT_LEFT;
      const route = request.routeOptions.url ?? "unmatched";
      const labels = { route, method: methodLabel(request.method), status_class: statusClass(status) };
      metrics.httpRequestDurationSeconds.observe(labels, reply.elapsedTime / 1000);
    });
    done();
  });
}
