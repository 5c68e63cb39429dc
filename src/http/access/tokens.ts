import { appendAudit } from "../../audit/append.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { Act, Database, Tx } from "../../storage/database.ts";
import { HttpError } from "../problem.ts";
import type { By, Principal, Role } from "./principal.ts";
import { sayAccessChanged } from "./revocations.ts";
import { hashOfSecret, newSecret, TOKEN } from "./secret.ts";

/** An API token as it is listed. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** ms since the epoch; null for one without an end. */
  readonly expiresAt: number | null;
}

/** A token just made: the only time its secret is seen. */
export interface NewApiToken extends ApiToken {
  readonly token: string;
}

type NewToken = { readonly name: string; readonly expiresAt: number | null };

/** Makes a token with the rights of its maker. @throws HttpError `setup_pending` when there is no owner yet */
export async function createToken(
  database: Database,
  { name, expiresAt }: NewToken,
  principal: Principal,
  by: By,
): Promise<NewApiToken> {
  const userId = principal.userId ?? (await ownerOf(database.read));
  const secret = newSecret(TOKEN);
  const token = { id: uuidv7(by.at), name, createdAt: by.at, expiresAt };
  await database.write(insertToken, { token, hash: hashOfSecret(secret), userId, by });
  return { ...token, token: secret };
}

/** What the local command line makes belongs to the first owner. */
async function ownerOf(reader: Tx): Promise<string> {
  const owner = await reader
    .selectFrom("user")
    .select("id")
    .where("role", "=", "owner")
    .orderBy("created_at")
    .executeTakeFirst();
  if (owner) return owner.id;
  throw new HttpError("create token: there is no owner yet", {
    code: "setup_pending",
    hint: "Set the owner's password first, by the link of the first start or of `doorbell setup link`.",
  });
}

/** Makes an API token. Only its hash is stored. */
export const insertToken: Act<{ token: ApiToken; hash: string; userId: string; by: By }, void> = {
  name: "access.create-token",
  async run(tx, { token: { id, name, createdAt, expiresAt }, hash, userId, by }) {
    await tx
      .insertInto("api_token")
      .values({ id, name, hash, user_id: userId, created_at: createdAt, expires_at: expiresAt })
      .execute();
    await appendAudit(tx, { ...by, action: "token.create", subject: `token:${id}`, outcome: "done" });
  },
};

/** Ends a token. False when there is none of that id, or it is somebody else's. */
export const revokeToken: Act<{ id: string; userId: string | null; by: By }, boolean> = {
  name: "access.revoke-token",
  async run(tx, { id, userId, by }) {
    const removed = await tx
      .deleteFrom("api_token")
      .where("id", "=", id)
      .$if(userId !== null, (query) => query.where("user_id", "=", userId!))
      .returning("user_id")
      .executeTakeFirst();
    if (!removed) return false;
    await sayAccessChanged(tx, removed.user_id, by.at);
    await appendAudit(tx, { ...by, action: "token.revoke", subject: `token:${id}`, outcome: "done" });
    return true;
  },
};

/** The tokens of a user, the oldest first; all of them for the local command line (null). */
export async function listTokens(reader: Tx, userId: string | null): Promise<ApiToken[]> {
  return reader
    .selectFrom("api_token")
    .select(["id", "name", "created_at as createdAt", "expires_at as expiresAt"])
    .$if(userId !== null, (query) => query.where("user_id", "=", userId!))
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

/** A token that holds. */
export interface FoundToken {
  readonly id: string;
  readonly userId: string;
  readonly role: Role;
  readonly expiresAt: number | null;
}

/** The token stored under a hash, undefined when there is none or it is over. */
export async function findToken(reader: Tx, hash: string, now: number): Promise<FoundToken | undefined> {
  const row = await reader
    .selectFrom("api_token")
    .innerJoin("user", "user.id", "api_token.user_id")
    .select(["api_token.id", "user_id as userId", "role", "expires_at as expiresAt"])
    .where("hash", "=", hash)
    .executeTakeFirst();
  if (!row || (row.expiresAt !== null && row.expiresAt <= now)) return undefined;
  return { ...row, role: row.role as Role };
}
