import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";

/**
 * Who may call a route. `open`: anybody. `signed-in`: whoever has a session, an API token or the local
 * socket. Roles join this union later.
 */
export type Access = "open" | "signed-in";

/** The HTTP methods that routes have. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Bodies by media type, such as `{ "image/png": z.file() }`. */
export type Content = Readonly<Record<string, z.ZodType>>;

/** One route as a wing declares it: a wing exports `routes(deps): RouteDefinition[]`. */
export interface RouteDefinition {
  readonly method: Method;
  /** Such as `/api/visits/:id`. */
  readonly path: string;
  readonly access: Access;
  /** What it does, one line, for the OpenAPI document. */
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  /** JSON body. */
  readonly body?: z.ZodType;
  /**
   * Takes photos and HTML forms besides JSON: see `readUpload`; a plain form arrives as an object in the body.
   * Elsewhere these are refused with 415.
   */
  readonly upload?: boolean;
  /** What the handler itself reads of the body, by media type. Only described, nothing is checked by it. */
  readonly consumes?: Content;
  /** Headers that the handler itself reads. Only described. */
  readonly headers?: z.ZodObject;
  /** JSON answers by status; they are written by these schemas, so nothing else gets out. */
  readonly answers?: Readonly<Record<number, z.ZodType>>;
  /** What a success answers besides, by media type. Only described: it is sent as the handler gives it. */
  readonly produces?: Content;
  /** Left out of the access log while it succeeds: what is asked every few seconds. */
  readonly quiet?: boolean;
  /** Answers with what it returns, or throws a `DoorbellError`. */
  handler(request: FastifyRequest, reply: FastifyReply): unknown;
}

type Out<T> = T extends z.ZodType ? z.output<T> : unknown;

/** Types a route's handler by its schemas. */
export function route<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  definition: Omit<RouteDefinition, "params" | "query" | "body" | "handler"> & {
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B;
    handler(
      request: FastifyRequest<{ Params: Out<P>; Querystring: Out<Q>; Body: Out<B> }>,
      reply: FastifyReply,
    ): unknown;
  },
): RouteDefinition {
  return definition as RouteDefinition;
}

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
    quiet?: boolean;
    described?: Pick<RouteDefinition, "consumes" | "headers" | "produces">;
  }
}

/** Puts declared routes on the server. */
export function registerRoutes(app: FastifyInstance, routes: readonly RouteDefinition[]): void {
  for (const definition of routes) {
    const { method, path, access, summary, params, query, body, answers, quiet, handler } = definition;
    app.route({
      method,
      url: path,
      config: { access, quiet: quiet ?? false, described: definition },
      schema: {
        summary,
        tags: [path.split("/")[2] ?? "page"],
        ...(access === "open" ? { security: [] } : {}),
        ...(params && { params }),
        ...(query && { querystring: query }),
        ...(body && { body }),
        ...(answers && { response: answers }),
      },
      handler,
    });
  }
}
