import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { Clock } from "../lib/clock.ts";
import type { Access } from "./access/access.ts";
import { accessGate, asHook } from "./access/gate.ts";
import { ANONYMOUS, LOCAL } from "./access/principal.ts";
import { accessLog, pathOf } from "./access-log.ts";
import { acceptJson, acceptUploads } from "./bodies.ts";
import type { EventStreams } from "./event-stream.ts";
import { securityHeaders } from "./headers.ts";
import { httpListener, LATE_CHECK_MS, type Place } from "./listener.ts";
import type { HttpLog } from "./log.ts";
import { describeRoutes, openapiRoute } from "./openapi.ts";
import { servePage } from "./page.ts";
import { HttpError, PROBLEM_TYPE, problemOf } from "./problem.ts";
import { rateLimit } from "./rate-limit.ts";
import { readOn } from "./read-on.ts";
import { type RouteDefinition, registerRoutes } from "./route.ts";
import { type HttpSettings, isSecure } from "./settings.ts";

/** What the server is told beside its settings. */
export interface ServerConfig extends HttpSettings {
  readonly release: string;
  /** Folder of the built web page; it may be absent. */
  readonly pageFolder?: string;
}

/** What the server needs. */
export interface ServerDeps {
  readonly access: Access;
  readonly streams: EventStreams;
  readonly clock: Clock;
  readonly log: HttpLog;
  /** All routes but those of access: the wings' and those of health. */
  readonly routes: readonly RouteDefinition[];
  /**
   * Put hooks on the application itself, so that they see every request and before anything else: tracing,
   * metrics. Called as Fastify calls a plugin, without options.
   */
  readonly plugins?: readonly ((app: FastifyInstance, options: Record<never, never>) => unknown)[];
}

/** Where requests come in. */
export interface Places {
  readonly network: Exclude<Place, { path: string }>;
  /** Socket in the file system for the command line on this machine, whose requests have the owner's rights. */
  readonly localSocket?: string;
}

/** The web server of one process. */
export interface HttpServer {
  /** Every route there is, for those who walk them. */
  readonly routes: readonly RouteDefinition[];
  /** Takes requests from now on. Answers the URL. @throws ListenError */
  listen(places: Places): Promise<string>;
  /** Stops listening, ends streams, lets requests under way be answered, but not longer than the settings say. */
  close(): Promise<void>;
}

/** Builds the server: one application behind two node servers, one for the network and one for this machine. */
export async function createServer(config: ServerConfig, deps: ServerDeps): Promise<HttpServer> {
  const { access, streams, clock, log } = deps;
  const localSockets = new WeakSet<Socket>();
  const headers = securityHeaders(isSecure(config));

  const app: FastifyInstance = fastify({
    bodyLimit: config.jsonMaxBytes,
    // Later than the request's own limit, so that a slow sender is told that it was slow.
    handlerTimeout: config.requestTimeoutMs + 2 * LATE_CHECK_MS,
    trustProxy: config.trustedProxies.length > 0 && config.trustedProxies,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply as FastifyReply),
    clientErrorHandler: () => {},
  });
  const network = httpListener(app.routing, config);
  const local = httpListener(app.routing, config);
  local.server.on("connection", (socket) => localSockets.add(socket));

  function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { problem, retryAfterS, isFault } = problemOf(error, request.id);
    if (isFault) log.error({ err: error, http: { request: { id: request.id } } }, "request failed");
    if (retryAfterS !== undefined) reply.header("retry-after", retryAfterS);
    if (problem.status === 401) reply.header("www-authenticate", "Bearer");
    return reply.code(problem.status).headers(headers).type(PROBLEM_TYPE).send(JSON.stringify(problem));
  }

  const gate = accessGate({
    callers: access.callers,
    cookie: access.cookie,
    limit: rateLimit(config.rateLimit, clock),
    publicOrigin: config.publicUrl && new URL(config.publicUrl).origin,
    onSecurityEvent: access.onSecurityEvent,
  });
  const checks = { open: asHook(gate.open), "signed-in": asHook(gate["signed-in"]) };

  app.decorateRequest("principal");
  app.addHook("onRequest", (request, reply, done) => {
    request.principal = localSockets.has(request.raw.socket) ? LOCAL : ANONYMOUS;
    reply.headers(headers);
    done();
  });
  for (const plugin of deps.plugins ?? []) await plugin(app, {});
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(async (error, request, reply) => {
    if (problemOf(error, request.id).problem.status === 413) await readOn(request.raw);
    return sendProblem(error, request, reply);
  });
  app.addHook("onResponse", accessLog(log));
  acceptJson(app);
  await describeRoutes(app, config.release);
  await servePage(app, config.pageFolder, checks.open);

  // Whoever puts a route on the server from here on: without a word on access it needs credentials.
  app.addHook("onRoute", (options) => {
    const check = checks[options.config?.access ?? "signed-in"];
    options.onRequest = [check, ...[options.onRequest ?? []].flat()];
  });
  const routes = [...access.routes, ...deps.routes, openapiRoute(() => app)];
  registerRoutes(
    app,
    routes.filter(({ upload }) => !upload),
  );
  await app.register(async (uploads) => {
    await acceptUploads(uploads, config.uploadMaxBytes);
    registerRoutes(
      uploads,
      routes.filter(({ upload }) => upload),
    );
  });
  app.setNotFoundHandler({ preHandler: checks.open }, (request) => {
    throw notFound(request);
  });
  await app.ready();

  return {
    routes,
    async listen({ network: place, localSocket }) {
      if (localSocket !== undefined) await local.open({ path: localSocket });
      return network.open(place);
    },
    async close() {
      const closing = [network.close(config.drainTimeoutMs), local.close(config.drainTimeoutMs)];
      streams.end();
      await Promise.all(closing);
      await app.close();
    },
  };
}

function notFound({ method, url }: FastifyRequest): HttpError {
  return new HttpError(`${method.toLowerCase()} ${pathOf(url)}: there is no such route`, {
    code: "not_found",
    hint: "`/api/openapi.json` lists what there is.",
  });
}
