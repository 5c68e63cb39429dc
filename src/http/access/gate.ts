import type { FastifyReply, FastifyRequest } from "fastify";
import { networkOf } from "../address.ts";
import { HttpError } from "../problem.ts";
import type { RateLimit } from "../rate-limit.ts";
import type { Access } from "../route.ts";
import type { Callers } from "./callers.ts";
import { type By, LOCAL, type Principal } from "./principal.ts";
import { isSafe, senderOf } from "./same-origin.ts";
import { isSecret, SESSION, TOKEN } from "./secret.ts";
import type { OnSecurityEvent } from "./security-event.ts";
import type { SessionCookie } from "./session-cookie.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who makes this request. Anonymous on open routes, whatever was sent along. */
    principal: Principal;
  }
}

/** What the gate needs. */
export interface GateDeps {
  readonly callers: Callers;
  readonly cookie: SessionCookie;
  readonly limit: RateLimit;
  /** Origin of the public address. */
  readonly publicOrigin: string | undefined;
  readonly onSecurityEvent: OnSecurityEvent;
}

/** Lets a request through with its principal, or throws why not. A promise only where the database is asked. */
type Check = (request: FastifyRequest) => void | Promise<void>;

/** What stands before a route's handler, and before its body is read, by the access the route is declared with. */
export type Gate = Readonly<Record<Access, Check>>;

/** What a request shows of itself. */
type Shown = { readonly secret: string; readonly by: "cookie" | "token" };

/** Builds the gate: who may go on, and how often. */
export function accessGate(deps: GateDeps): Gate {
  const { callers, cookie, limit, onSecurityEvent } = deps;

  const take = (key: string): void => {
    const waitMs = limit.take(key);
    if (waitMs > 0) throw rateLimited(waitMs);
  };
  const show = ({ headers }: FastifyRequest): Shown | undefined => {
    const by = headers.authorization === undefined ? "cookie" : "token";
    const secret =
      by === "token" ? headers.authorization!.replace(/^bearer +/i, "") : cookie.read(headers.cookie);
    return secret !== undefined && isSecret(by === "token" ? TOKEN : SESSION, secret)
      ? { secret, by }
      : undefined;
  };
  /** @param orUnsaid whether a sender that says nothing of itself will do */
  const requireSameOrigin = ({ method, headers }: FastifyRequest, orUnsaid: boolean): void => {
    if (isSafe(method)) return;
    const sender = senderOf(headers, deps.publicOrigin);
    if (sender === "same" || (sender === "unsaid" && orUnsaid)) return;
    if (sender === "cross") {
      onSecurityEvent({ eventType: "cross_origin_request", source: "network", actionTaken: "refused" });
    }
    throw crossOrigin();
  };
  const admit = (request: FastifyRequest, { by }: Shown, principal: Principal): void => {
    take(principal.credential!);
    if (by === "cookie") requireSameOrigin(request, false);
    request.principal = principal;
  };
  const lookUp = async (request: FastifyRequest, shown: Shown): Promise<void> => {
    const principal = await callers.find(shown.secret);
    if (principal) return admit(request, shown, principal);
    if (shown.by === "token") {
      onSecurityEvent({ eventType: "token_rejected", source: "network", actionTaken: "refused" });
    }
    throw unauthorised();
  };

  return {
    open(request) {
      if (request.principal === LOCAL) return;
      take(networkOf(request.ip));
      requireSameOrigin(request, true);
    },
    "signed-in"(request) {
      if (request.principal === LOCAL) return;
      const shown = show(request);
      const known = shown && callers.known(shown.secret);
      if (known) return admit(request, shown, known);
      take(networkOf(request.ip));
      if (!shown) throw unauthorised();
      return lookUp(request, shown);
    },
  };
}

/** A check as an `onRequest` hook. */
export function asHook(check: Check) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    let asking: void | Promise<void>;
    try {
      asking = check(request);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (asking) asking.then(() => done(), done);
    else done();
  };
}

/** Where a request comes from: an address, or `local`. */
export function originOf(request: FastifyRequest): string {
  return request.principal.kind === "local" ? "local" : request.ip;
}

/** Who makes a request, from where, for the audit trail. @param at ms since the epoch */
export function byOf(request: FastifyRequest, at: number): By {
  return { actor: request.principal.actor, origin: originOf(request), at };
}

function rateLimited(waitMs: number): HttpError {
  return new HttpError("answer request: too many in the last minute", {
    code: "rate_limited",
    hint: "Slow down. The limit is `http.rateLimit` in the configuration.",
    retryAfterS: Math.ceil(waitMs / 1000),
  });
}

function crossOrigin(): HttpError {
  return new HttpError("answer request: it was not sent by a page of this system", {
    code: "cross_origin",
    hint: "Programs use an API token; behind a proxy set `http.publicUrl` to the address that people open.",
  });
}

function unauthorised(): HttpError {
  return new HttpError("answer request: no valid session or token came with it", {
    code: "unauthorised",
    hint: "Sign in, or send an API token as `Authorization: Bearer dbt_…`.",
  });
}
