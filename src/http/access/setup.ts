import { appendAudit } from "../../audit/append.ts";
import type { Clock } from "../../lib/clock.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { Act, Database, Tx } from "../../storage/database.ts";
import type { SessionLife } from "../settings.ts";
import { type Passwords, requireGoodPassword } from "./passwords.ts";
import type { By } from "./principal.ts";
import { sayAccessChanged } from "./revocations.ts";
import { hashOfSecret, newSecret, SESSION, SETUP_LINK } from "./secret.ts";
import { beginSession, type NewSession } from "./sessions.ts";
import type { NameAndPassword } from "./sign-in.ts";

const LINK_LIFE_MS = 60 * 60_000;

/** What sets the owner's password, once, within the hour. */
export interface SetupLink {
  /** The secret. It belongs behind the `#` of an address, where neither server nor log ever sees it. */
  readonly token: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** Makes a setup link: for the first start, and for an owner who forgot the password. Earlier ones end. */
export async function createSetupLink(database: Database, by: By): Promise<SetupLink> {
  const token = newSecret(SETUP_LINK);
  const expiresAt = by.at + LINK_LIFE_MS;
  await database.write(insertSetupLink, { hash: hashOfSecret(token), expiresAt, by });
  return { token, expiresAt };
}

/** Makes a setup link and ends those that nobody has used. `expiresAt` in ms since the epoch. */
export const insertSetupLink: Act<{ hash: string; expiresAt: number; by: By }, void> = {
  name: "access.create-setup-link",
  async run(tx, { hash, expiresAt, by }) {
    await tx.deleteFrom("setup_link").where("used_at", "is", null).execute();
    await tx.insertInto("setup_link").values({ hash, expires_at: expiresAt, used_at: null }).execute();
    await appendAudit(tx, { ...by, action: "setup-link.create", subject: "-", outcome: "done" });
  },
};

/** How the use of a setup link ended. */
export type SetUp =
  | { readonly status: "set-up"; readonly userId: string; readonly cookie: string }
  | { readonly status: "refused" };

/**
 * Sets an owner's password by a setup link and signs them in. A name that exists keeps its user and loses
 * its sessions; another becomes an owner besides.
 * @throws HttpError `password_weak`, `busy`
 */
export async function setUp(
  token: string,
  { name, password }: NameAndPassword,
  origin: string,
  life: SessionLife,
  { database, clock, passwords }: { database: Database; clock: Clock; passwords: Passwords },
): Promise<SetUp> {
  const linkHash = hashOfSecret(token);
  requireGoodPassword(password);
  // Nobody makes us hash without a link; the act looks again.
  if (!(await isOpenLink(database.read, linkHash, clock.now()))) return { status: "refused" };
  const cookie = newSecret(SESSION);
  const at = clock.now();
  const userId = await database.write(useSetupLink, {
    linkHash,
    newUserId: uuidv7(at),
    name: name.normalize("NFC"),
    passwordHash: await passwords.hash(password),
    session: { hash: hashOfSecret(cookie), expiresAt: at + life.absoluteMs },
    origin,
    at,
  });
  return userId === null ? { status: "refused" } : { status: "set-up", userId, cookie };
}

type UseArgs = {
  readonly linkHash: string;
  readonly newUserId: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly session: Omit<NewSession, "userId">;
  readonly origin: string;
  readonly at: number;
};

/** Answers the owner's id; null when the link is used up, too old or was never made. */
export const useSetupLink: Act<UseArgs, string | null> = {
  name: "access.use-setup-link",
  async run(tx, { linkHash, newUserId, name, passwordHash, session, origin, at }) {
    if (!(await isOpenLink(tx, linkHash, at))) return null;
    await tx.updateTable("setup_link").set({ used_at: at }).where("hash", "=", linkHash).execute();
    const user = await tx
      .insertInto("user")
      .values({ id: newUserId, name, password_hash: passwordHash, role: "owner", created_at: at })
      .onConflict((oc) => oc.column("name").doUpdateSet({ password_hash: passwordHash, role: "owner" }))
      .returning("id")
      .executeTakeFirstOrThrow();
    await tx.deleteFrom("session").where("user_id", "=", user.id).execute();
    await beginSession(tx, { ...session, userId: user.id }, at);
    await sayAccessChanged(tx, user.id, at);
    const actor = `user:${user.id}`;
    await appendAudit(tx, {
      at,
      actor,
      origin,
      action: "user.set-password",
      subject: actor,
      outcome: "done",
    });
    return user.id;
  },
};

async function isOpenLink(reader: Tx, hash: string, now: number): Promise<boolean> {
  const row = await reader
    .selectFrom("setup_link")
    .select("hash")
    .where("hash", "=", hash)
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  return row !== undefined;
}
