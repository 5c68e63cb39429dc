import type { Clock } from "../../lib/clock.ts";
import type { Database } from "../../storage/database.ts";
import type { Principal } from "./principal.ts";
import { watchRevocations } from "./revocations.ts";
import { hashOfSecret, isSecret, SESSION, TOKEN } from "./secret.ts";
import { findSession, touchSession } from "./sessions.ts";
import { findToken } from "./tokens.ts";

/** Whom each cookie and token stands for. */
export interface Callers {
  /** Whom a secret stands for, if it was found less than a minute ago: no database, no promise. */
  known(secret: string): Principal | undefined;
  /** Whom it stands for; undefined when it stands for nobody, or not any more. */
  find(secret: string): Promise<Principal | undefined>;
  /** Whether a principal found before still holds. Does not count as use of a session. */
  holds(principal: Principal): Promise<boolean>;
  /** Forgets all that is known: something was revoked. The bus says so, too, a moment later. */
  forget(): void;
  /** Calls `listener` after anything was revoked, by any process. Returns how to stop. */
  onForget(listener: () => void): () => void;
  close(): void;
}

const MOST_KNOWN = 1_000;
const KNOWN_FOR_MS = 60_000;

interface Known {
  readonly principal: Principal;
  /** When it must be looked up again, monotonic ms. */
  readonly staleAt: number;
  /** When it ends, ms since the epoch. */
  readonly endsAt: number;
}

/** Starts to keep callers in mind, following the bus so that a revoked one is forgotten at once. */
export async function openCallers(
  { idleMs }: { idleMs: number },
  { database, clock }: { database: Database; clock: Clock },
): Promise<Callers> {
  const known = new Map<string, Known>();
  const listeners = new Set<() => void>();
  /** Grows when something is revoked: what was read before may not be remembered after. */
  let revision = 0;

  const forget = (): void => {
    revision += 1;
    known.clear();
    for (const listener of listeners) listener();
  };
  const stopWatching = await watchRevocations(database, forget);

  const lookUp = async (secret: string, hash: string): Promise<Omit<Known, "staleAt"> | undefined> => {
    const now = clock.now();
    if (isSecret(TOKEN, secret)) {
      const token = await findToken(database.read, hash, now);
      if (!token) return undefined;
      const { id, userId, role, expiresAt } = token;
      const principal: Principal = { kind: "token", actor: `token:${id}`, userId, role, credential: hash };
      return { principal, endsAt: expiresAt ?? Number.POSITIVE_INFINITY };
    }
    if (!isSecret(SESSION, secret)) return undefined;
    const session = await findSession(database.read, hash, { now, idleMs });
    if (!session) return undefined;
    if (now - session.lastSeenAt >= KNOWN_FOR_MS) {
      // A full disk must not sign anybody out: the note is missed, and made at the next look.
      await database.write(touchSession, { hash, now }).catch(() => {});
    }
    const { userId, role } = session;
    const principal: Principal = { kind: "session", actor: `user:${userId}`, userId, role, credential: hash };
    return { principal, endsAt: session.endsAt };
  };

  return {
    known(secret) {
      const entry = known.get(hashOfSecret(secret));
      if (!entry || entry.staleAt <= clock.moment().uptimeMs || entry.endsAt <= clock.now()) return undefined;
      return entry.principal;
    },
    async find(secret) {
      const hash = hashOfSecret(secret);
      const revisionBefore = revision;
      const found = await lookUp(secret, hash);
      if (!found) return undefined;
      if (revision === revisionBefore) {
        const [oldest] = known.keys();
        if (known.size >= MOST_KNOWN && oldest !== undefined) known.delete(oldest);
        known.set(hash, { ...found, staleAt: clock.moment().uptimeMs + KNOWN_FOR_MS });
      }
      return found.principal;
    },
    async holds({ kind, credential }) {
      const now = clock.now();
      if (kind === "token") return (await findToken(database.read, credential!, now)) !== undefined;
      if (kind === "session") {
        return (await findSession(database.read, credential!, { now, idleMs })) !== undefined;
      }
      return true;
    },
    forget,
    onForget(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: stopWatching,
  };
}
