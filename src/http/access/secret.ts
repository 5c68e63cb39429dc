import { hash, randomBytes } from "node:crypto";

/** Which kind of secret it is, as its first letters tell: a leak is recognised at sight, and by scanners. */
export type SecretKind = "dbt_" | "dbs_" | "dbl_";

/** An API token. */
export const TOKEN: SecretKind = "dbt_";
/** The value of a session's cookie. */
export const SESSION: SecretKind = "dbs_";
/** The secret of a setup link. */
export const SETUP_LINK: SecretKind = "dbl_";

const SECRET = /^db[tsl]_[\w-]{43}$/;

/** A new secret of 256 random bits. */
export function newSecret(kind: SecretKind): string {
  return kind + randomBytes(32).toString("base64url");
}

/** True for what can be a secret of this kind at all: the rest need not be looked up. */
export function isSecret(kind: SecretKind, text: string): boolean {
  return text.startsWith(kind) && SECRET.test(text);
}

/** SHA-256, hex, under which a secret is stored: of 256 random bits nothing slower is needed. */
export function hashOfSecret(secret: string): string {
  return hash("sha256", secret, "hex");
}
