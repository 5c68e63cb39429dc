import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import type { Database } from "../../storage/database.ts";
import { HttpError } from "../problem.ts";
import { type RouteDefinition, route } from "../route.ts";
import type { Callers } from "./callers.ts";
import { byOf } from "./gate.ts";
import { createToken, listTokens, revokeToken } from "./tokens.ts";

const token = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
});

const DAY_MS = 86_400_000;

/** API tokens: made, listed and revoked by people. A token cannot make another, or it would never end. */
export function tokenRoutes(deps: { database: Database; clock: Clock; callers: Callers }): RouteDefinition[] {
  const { database, clock, callers } = deps;
  return [
    route({
      method: "POST",
      path: "/api/tokens",
      access: "signed-in",
      summary: "Makes an API token and shows it, this once",
      body: z.strictObject({
        name: z.string().trim().min(1).max(100),
        expiresInDays: z.int().min(1).max(3_650).optional(),
      }),
      answers: { 201: token.extend({ token: z.string() }) },
      async handler(request, reply) {
        requirePerson(request);
        const by = byOf(request, clock.now());
        const { name, expiresInDays } = request.body;
        const expiresAt = expiresInDays === undefined ? null : by.at + expiresInDays * DAY_MS;
        reply.code(201);
        return createToken(database, { name, expiresAt }, request.principal, by);
      },
    }),
    route({
      method: "GET",
      path: "/api/tokens",
      access: "signed-in",
      summary: "Lists API tokens",
      answers: { 200: z.object({ tokens: z.array(token) }) },
      async handler(request) {
        requirePerson(request);
        return { tokens: await listTokens(database.read, request.principal.userId) };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/tokens/:id",
      access: "signed-in",
      summary: "Revokes an API token",
      params: z.strictObject({ id: z.uuid() }),
      answers: { 204: z.null() },
      async handler(request, reply) {
        requirePerson(request);
        const { userId } = request.principal;
        const { id } = request.params;
        const revoked = await database.write(revokeToken, { id, userId, by: byOf(request, clock.now()) });
        if (!revoked) throw noToken(id);
        callers.forget();
        return reply.code(204).send();
      },
    }),
  ];
}

function requirePerson({ principal }: FastifyRequest<never> | FastifyRequest): void {
  if (principal.kind !== "token") return;
  throw new HttpError("manage tokens: a token may not", {
    code: "forbidden",
    hint: "Sign in, or use the command line on the machine itself.",
  });
}

function noToken(id: string): HttpError {
  return new HttpError(`revoke token ${id}: there is none`, {
    code: "not_found",
    hint: "List the tokens; it may have been revoked already.",
  });
}
