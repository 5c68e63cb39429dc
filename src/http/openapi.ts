import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { createJsonSchemaTransform } from "fastify-type-provider-zod";
import { problem } from "./problem.ts";
import { type RouteDefinition, route } from "./route.ts";

const transformZod = createJsonSchemaTransform({ zodToJsonConfig: { unrepresentable: "any" } });

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
      const response = { ...(schema.response as object), default: PROBLEM_RESPONSE };
      return transformZod({ ...document, schema: { ...schema, response } });
    },
  });
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
    handler(_request, reply) {
      text ??= JSON.stringify(app().swagger());
      return reply.type("application/json").send(text);
    },
  });
}
