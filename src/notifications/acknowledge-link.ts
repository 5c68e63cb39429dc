import { createHmac, timingSafeEqual } from "node:crypto";
import { isUuid } from "../lib/ids.ts";

/** What a token of an acknowledge link turned out to be. `forged`: not ours, altered, or of no such form. */
export type AcknowledgeToken =
  | { readonly verdict: "valid"; readonly visitId: string }
  | { readonly verdict: "expired"; readonly visitId: string }
  | { readonly verdict: "forged" };

/**
 * A token that acknowledges one visit without a login, until `expiresAt` (ms since the epoch). Shape:
 * `VISIT.EXPIRY.MAC`, the expiry in whole seconds, the MAC HMAC-SHA256 in base64url; safe in a URL.
 *
 * Whoever follows links in mails before people do must not acknowledge: the page behind the link asks, and
 * only the answer (POST) counts.
 *
 * @param key 32 bytes, for nothing else
 */
export function acknowledgeToken(key: Uint8Array, visitId: string, expiresAt: number): string {
  const signed = `${visitId}.${Math.floor(expiresAt / 1000)}`;
  return `${signed}.${macOf(key, signed).toString("base64url")}`;
}

/** Reads a token as it came. The comparison takes the same time for every wrong one. */
export function readAcknowledgeToken(key: Uint8Array, token: string, now: number): AcknowledgeToken {
  const [visitId = "", expiry = "", mac = "", ...rest] = token.split(".");
  if (rest.length > 0 || !isUuid(visitId) || !/^\d{1,12}$/.test(expiry)) return { verdict: "forged" };
  const expected = macOf(key, `${visitId}.${expiry}`);
  const given = Buffer.from(mac, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { verdict: "forged" };
  return { verdict: now < Number(expiry) * 1000 ? "valid" : "expired", visitId };
}

function macOf(key: Uint8Array, signed: string): Buffer {
  return createHmac("sha256", key).update(`acknowledge.v1.${signed}`).digest();
}
