import { appendAudit } from "../../audit/append.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Act, Database } from "../../storage/database.ts";
import type { SessionLife } from "../settings.ts";
import type { Passwords } from "./passwords.ts";
import type { By } from "./principal.ts";
import { hashOfSecret, newSecret, SESSION } from "./secret.ts";
import { beginSession, type NewSession } from "./sessions.ts";
import { countAttempt, forgiveFailures, readWait, throttleKeys } from "./throttle.ts";

/** Name and password as somebody gave them. */
export interface NameAndPassword {
  readonly name: string;
  readonly password: string;
}

/** How a sign-in ended. */
export type SignedIn =
  | { readonly status: "signed-in"; readonly userId: string; readonly cookie: string }
  | { readonly status: "refused" }
  | { readonly status: "throttled"; readonly waitMs: number };

/** What a sign-in needs. */
export interface SignInDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly passwords: Passwords;
}

/**
 * Signs somebody in. @param origin address of the caller; `local` is not throttled, so that the owner always
 * has a way in
 * @throws HttpError `busy`
 */
export async function signIn(
  { name, password }: NameAndPassword,
  origin: string,
  life: SessionLife,
  { database, clock, passwords }: SignInDeps,
): Promise<SignedIn> {
  const keys = origin === "local" ? [] : throttleKeys(name, origin);
  const now = clock.now();
  // Whoever is blocked costs a read, not a write.
  const waitMs =
    (await readWait(database.read, { keys, now })) || (await database.write(countAttempt, { keys, now }));
  if (waitMs > 0) return { status: "throttled", waitMs };

  const user = await database.read
    .selectFrom("user")
    .select(["id", "password_hash"])
    .where("name", "=", name.normalize("NFC"))
    .executeTakeFirst();
  const isRight = await passwords.verify(password, user?.password_hash);
  const by = { actor: "-", origin, at: clock.now() };
  if (!user || !isRight) {
    await database.write(refuseSignIn, { userId: user?.id ?? null, by });
    return { status: "refused" };
  }
  const cookie = newSecret(SESSION);
  const session = { hash: hashOfSecret(cookie), userId: user.id, expiresAt: by.at + life.absoluteMs };
  await database.write(completeSignIn, { session, keys, by: { ...by, actor: `user:${user.id}` } });
  return { status: "signed-in", userId: user.id, cookie };
}

/** Begins a session and forgives the failures counted under `keys`. */
export const completeSignIn: Act<{ session: NewSession; keys: readonly string[]; by: By }, void> = {
  name: "access.complete-sign-in",
  async run(tx, { session, keys, by }) {
    await forgiveFailures(tx, keys);
    await beginSession(tx, session, by.at);
    const subject = `user:${session.userId}`;
    await appendAudit(tx, { ...by, action: "session.sign-in", subject, outcome: "done" });
  },
};

/** Writes a refused sign-in to the audit trail; `userId` is null where nobody has that name. */
export const refuseSignIn: Act<{ userId: string | null; by: By }, void> = {
  name: "access.refuse-sign-in",
  async run(tx, { userId, by }) {
    const subject = userId === null ? "-" : `user:${userId}`;
    await appendAudit(tx, { ...by, action: "session.sign-in", subject, outcome: "refused" });
  },
};
