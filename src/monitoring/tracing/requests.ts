import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { recordFailure, tracer } from "./carrier.ts";

/**
 * Traces every request of a server, as child of the caller's span where the request brings a `traceparent`;
 * to be called before the routes are added. Names, attributes and status follow OpenTelemetry's semantic
 * conventions for HTTP servers.
 *
 * By hand, because @fastify/otel makes a span of every hook and handler and brings
 * @opentelemetry/instrumentation along (2 MB).
 */
export function traceRequests(app: FastifyInstance): void {
  const running = new WeakMap<FastifyRequest, { readonly inside: Context; error?: unknown }>();

  app.addHook("onRequest", (request, reply, done) => {
    const span = begin(request);
    const traced = { inside: trace.setSpan(ROOT_CONTEXT, span), error: undefined };
    running.set(request, traced);
    // Not `onResponse`: it stays silent where the client left first.
    reply.raw.once("close", () => end(span, reply.raw.statusCode, traced.error));
    context.with(traced.inside, done);
  });
  // The body arrives in the context of the connection: back into that of the request.
  app.addHook("preValidation", (request, _reply, done) => {
    context.with(running.get(request)?.inside ?? ROOT_CONTEXT, done);
  });
  app.addHook("onError", (request, _reply, error, done) => {
    const traced = running.get(request);
    if (traced) traced.error = error;
    done();
  });
}

function begin(request: FastifyRequest): Span {
  const { method, url } = request;
  const route = request.routeOptions.url;
  const attributes = {
    "http.request.method": method,
    // A token in the path is a secret: then the pattern stands for it.
    "url.path": route?.includes(":token") ? route : url.split("?")[0]!,
    ...(route !== undefined && { "http.route": route }),
  };
  return tracer().startSpan(
    route === undefined ? method : `${method} ${route}`,
    { kind: SpanKind.SERVER, attributes },
    propagation.extract(ROOT_CONTEXT, request.headers),
  );
}

/** What the client did wrong is not a failure of the server. */
function end(span: Span, status: number, error: unknown): void {
  span.setAttribute("http.response.status_code", status);
  if (status >= 500) {
    if (error === undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    else recordFailure(span, error);
  }
  span.end();
}
