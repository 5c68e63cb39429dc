import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import type { Database } from "../../storage/database.ts";
import { HttpError } from "../problem.ts";
import { type RouteDefinition, route } from "../route.ts";
import { type HttpSettings, sessionLife } from "../settings.ts";
import type { Callers } from "./callers.ts";
import { byOf, originOf } from "./gate.ts";
import type { Passwords } from "./passwords.ts";
import type { OnSecurityEvent } from "./security-event.ts";
import type { SessionCookie } from "./session-cookie.ts";
import { signOut } from "./sessions.ts";
import { createSetupLink, setUp } from "./setup.ts";
import { signIn } from "./sign-in.ts";
import { tokenRoutes } from "./token-routes.ts";

/** What the routes of access need. */
export interface AccessRoutesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly callers: Callers;
  readonly cookie: SessionCookie;
  readonly passwords: Passwords;
  readonly onSecurityEvent: OnSecurityEvent;
}

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, "Control characters are not allowed");
const password = z.string().min(1).max(1_000);
const link = z.object({ token: z.string(), expiresAt: z.int() });
const session = z.object({
  kind: z.enum(["session", "token", "local"]),
  role: z.string(),
  user: z.object({ id: z.string(), name: z.string() }).nullable(),
});

/** First start, sign-in and sign-out, and who I am. */
export function accessRoutes(settings: HttpSettings, deps: AccessRoutesDeps): RouteDefinition[] {
  const { database, clock, callers, cookie, onSecurityEvent } = deps;
  const life = sessionLife(settings);

  return [
    route({
      method: "POST",
      path: "/api/setup-links",
      access: "signed-in",
      summary: "Makes a new one-time link that sets the owner's password (local command line only)",
      answers: { 201: link },
      async handler(request, reply) {
        if (request.principal.kind !== "local") throw forbidden("make setup link");
        reply.code(201);
        return createSetupLink(database, byOf(request, clock.now()));
      },
    }),
    route({
      method: "POST",
      path: "/api/setup",
      access: "open",
      summary: "Sets the owner's password by the one-time link of the first start",
      body: z.strictObject({ token: z.string().max(100), name, password }),
      answers: { 204: z.null() },
      async handler(request, reply) {
        const { token, ...given } = request.body;
        const result = await setUp(token, given, originOf(request), life, deps);
        if (result.status === "refused") {
          report("setup_link_rejected", originOf(request), onSecurityEvent);
          throw badLink();
        }
        callers.forget();
        cookie.set(reply, result.cookie, life.absoluteMs);
        return reply.code(204).send();
      },
    }),
    route({
      method: "POST",
      path: "/api/sign-in",
      access: "open",
      summary: "Begins a session",
      body: z.strictObject({ name: z.string().max(200), password }),
      answers: { 204: z.null() },
      async handler(request, reply) {
        const origin = originOf(request);
        const result = await signIn(request.body, origin, life, deps);
        if (result.status === "throttled") {
          report("sign_in_throttled", origin, onSecurityEvent);
          throw throttled(result.waitMs);
        }
        if (result.status === "refused") {
          report("sign_in_failed", origin, onSecurityEvent);
          throw wrongPassword();
        }
        cookie.set(reply, result.cookie, life.absoluteMs);
        return reply.code(204).send();
      },
    }),
    route({
      method: "POST",
      path: "/api/sign-out",
      access: "signed-in",
      summary: "Ends this session",
      answers: { 204: z.null() },
      async handler(request, reply) {
        const { kind, credential, userId } = request.principal;
        if (kind === "session") {
          await database.write(signOut, {
            hash: credential!,
            userId: userId!,
            by: byOf(request, clock.now()),
          });
          callers.forget();
        }
        cookie.clear(reply);
        return reply.code(204).send();
      },
    }),
    route({
      method: "GET",
      path: "/api/session",
      access: "signed-in",
      summary: "Tells who is signed in",
      answers: { 200: session },
      async handler({ principal: { kind, role, userId } }) {
        const user =
          userId === null
            ? null
            : await database.read
                .selectFrom("user")
                .select(["id", "name"])
                .where("id", "=", userId)
                .executeTakeFirst();
        return { kind, role, user: user ?? null };
      },
    }),
    ...tokenRoutes(deps),
  ];
}

function report(
  eventType: "setup_link_rejected" | "sign_in_failed" | "sign_in_throttled",
  origin: string,
  tell: OnSecurityEvent,
): void {
  tell({
    eventType,
    source: origin === "local" ? "local" : "network",
    actionTaken: eventType === "sign_in_throttled" ? "delayed" : "refused",
  });
}

/** Refuses what this principal may not do. @param doing verb and noun */
export function forbidden(doing: string): HttpError {
  return new HttpError(`${doing}: not with these rights`, {
    code: "forbidden",
    hint: "Sign in, or use the command line on the machine itself.",
  });
}

function badLink(): HttpError {
  return new HttpError("set password: this link is not valid any more", {
    code: "setup_link_bad",
    hint: "A link works once and for an hour. Make a new one on the machine itself.",
  });
}

function throttled(waitMs: number): HttpError {
  return new HttpError("sign in: too many wrong passwords", {
    code: "sign_in_throttled",
    hint: "Wait; the wait is a quarter of an hour at most. The command line on the machine always works.",
    retryAfterS: Math.ceil(waitMs / 1000),
  });
}

function wrongPassword(): HttpError {
  return new HttpError("sign in: name or password is wrong", {
    code: "sign_in_refused",
    hint: "Try again. The owner can set a new password through a new setup link.",
  });
}
