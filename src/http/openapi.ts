import swagger, { type SwaggerTransformObject } from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { problem } from "./problem.ts";
import { type Content, type RouteDefinition, route } from "./route.ts";

const transformZod = createJsonSchemaTransform({ zodToJsonConfig: { unrepresentable: "any" } });
const addSchemas = createJsonSchemaTransformObject({ zodToJsonConfig: { unrepresentable: "any" } });

/** Collects every route from now on into an OpenAPI 3.1 document. */
export async function describeRoutes(app: FastifyInstance, release: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Doorbell", version: release },
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: "An API token, `dbt_…`." },
          session: { type: "apiKey", in: "cookie", name: "doorbell" },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    transform(document) {
      const { schema } = document;
      if (!schema) return transformZod(document);
      const { method, url, config } = document.route;
      const { consumes, headers, produces } = config?.described ?? {};
      const response = {
        ...(produces && { 200: { description: "Success", content: contentOf(produces) } }),
        ...(schema.response as object),
        default: PROBLEM_RESPONSE,
      };
      const asJson = (body: z.ZodType) => transformZod({ ...document, schema: { body } }).schema.body;
      const described = transformZod({
        ...document,
        schema: { ...schema, operationId: operationId(String(method), url), headers, response },
      });
      if (consumes) described.schema.body = { content: contentOf(consumes, asJson) };
      return described;
    },
    transformObject: (document) => withoutIdle(addSchemas(document)),
  });
}

/** The `content` of a request or an answer. */
function contentOf(
  content: Content,
  write: (type: z.ZodType) => unknown = (type) => type,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(content).map(([name, type]) => [name, { schema: write(type) }]));
}

/** Such as `postDoorsByDoorPress`: stable as long as the route is. */
function operationId(method: string, path: string): string {
  const spoken = path.replace(/^\/api\//, "").replaceAll(":", "by-");
  const words = spoken.match(/[a-z0-9]+/gi) ?? [];
  return [method.toLowerCase(), ...words.map((word) => word[0]!.toUpperCase() + word.slice(1))].join("");
}

type OpenApi = ReturnType<SwaggerTransformObject>;
interface Parts {
  readonly paths?: unknown;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

/** Leaves out the schemas that no route names: the library adds each that the program has, twice. */
function withoutIdle(document: Parts): OpenApi {
  const { schemas = {}, ...components } = document.components ?? {};
  const named = namedIn(document.paths, schemas);
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => named.has(name)));
  return { ...document, components: { ...components, schemas: kept } } as OpenApi;
}

/** The schemas that a part of the document names, and those that these name in turn. */
function namedIn(
  part: unknown,
  schemas: Readonly<Record<string, unknown>>,
  named = new Set<string>(),
): Set<string> {
  for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (named.has(name!)) continue;
    named.add(name!);
    namedIn(schemas[name!] ?? null, schemas, named);
  }
  return named;
}

const PROBLEM_RESPONSE = {
  description: "A problem (RFC 9457)",
  content: { "application/problem+json": { schema: problem } },
};

/** `/api/openapi.json`. */
export function openapiRoute(app: () => FastifyInstance): RouteDefinition {
  let text: string | undefined;
  return route({
    method: "GET",
    path: "/api/openapi.json",
    access: "signed-in",
    summary: "Describes this interface (OpenAPI 3.1)",
    produces: { "application/json": z.record(z.string(), z.unknown()) },
    handler(_request, reply) {
      text ??= JSON.stringify(app().swagger());
      return reply.type("application/json").send(text);
    },
  });
}
