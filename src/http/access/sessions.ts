import { appendAudit } from "../../audit/append.ts";
import type { Act, Tx } from "../../storage/database.ts";
import type { By, Role } from "./principal.ts";
import { sayAccessChanged } from "./revocations.ts";

/** A session about to begin. */
export interface NewSession {
  readonly hash: string;
  readonly userId: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** Begins a session inside the act that is its reason, and clears away those that are over. */
export async function beginSession(tx: Tx, session: NewSession, now: number): Promise<void> {
  await tx.deleteFrom("session").where("expires_at", "<", now).execute();
  await tx
    .insertInto("session")
    .values({
      hash: session.hash,
      user_id: session.userId,
      created_at: now,
      last_seen_at: now,
      expires_at: session.expiresAt,
    })
    .execute();
}

/** A session that holds. */
export interface Session {
  readonly userId: string;
  readonly role: Role;
  readonly lastSeenAt: number;
  /** When it ends unless it is used again, ms since the epoch. */
  readonly endsAt: number;
}

/** The session stored under a hash, undefined when there is none or it is over. */
export async function findSession(
  reader: Tx,
  hash: string,
  { now, idleMs }: { now: number; idleMs: number },
): Promise<Session | undefined> {
  const row = await reader
    .selectFrom("session")
    .innerJoin("user", "user.id", "session.user_id")
    .select(["user_id", "role", "last_seen_at", "expires_at"])
    .where("hash", "=", hash)
    .executeTakeFirst();
  if (!row) return undefined;
  const endsAt = Math.min(row.expires_at, row.last_seen_at + idleMs);
  if (endsAt <= now) return undefined;
  return { userId: row.user_id, role: row.role as Role, lastSeenAt: row.last_seen_at, endsAt };
}

/** Notes that a session was used. */
export const touchSession: Act<{ hash: string; now: number }, void> = {
  name: "access.touch-session",
  async run(tx, { hash, now }) {
    await tx.updateTable("session").set({ last_seen_at: now }).where("hash", "=", hash).execute();
  },
};

/** Ends a session. */
export const signOut: Act<{ hash: string; userId: string; by: By }, void> = {
  name: "access.sign-out",
  async run(tx, { hash, userId, by }) {
    await tx.deleteFrom("session").where("hash", "=", hash).execute();
    await sayAccessChanged(tx, userId, by.at);
    await appendAudit(tx, { ...by, action: "session.sign-out", subject: `user:${userId}`, outcome: "done" });
  },
};
