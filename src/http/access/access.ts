import type { Clock } from "../../lib/clock.ts";
import type { Database } from "../../storage/database.ts";
import type { RouteDefinition } from "../route.ts";
import { type HttpSettings, isSecure, sessionLife } from "../settings.ts";
import { type Callers, openCallers } from "./callers.ts";
import { openPasswords } from "./passwords.ts";
import { accessRoutes } from "./routes.ts";
import type { OnSecurityEvent } from "./security-event.ts";
import { type SessionCookie, sessionCookie } from "./session-cookie.ts";

/** Users, sessions and tokens of one process. */
export interface Access {
  readonly callers: Callers;
  readonly cookie: SessionCookie;
  readonly onSecurityEvent: OnSecurityEvent;
  readonly routes: readonly RouteDefinition[];
  close(): void;
}

/** What access needs. */
export interface AccessDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly onSecurityEvent: OnSecurityEvent;
}

/** Opens access to the system. */
export async function openAccess(settings: HttpSettings, deps: AccessDeps): Promise<Access> {
  const callers = await openCallers(sessionLife(settings), deps);
  const cookie = sessionCookie(isSecure(settings));
  const routes = accessRoutes(settings, { ...deps, callers, cookie, passwords: openPasswords() });
  return { callers, cookie, onSecurityEvent: deps.onSecurityEvent, routes, close: callers.close };
}
