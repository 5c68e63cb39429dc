import { createHmac, timingSafeEqual } from "node:crypto";

/** What of a webhook is signed. */
export interface SignedContent {
  /** When it was sent, whole seconds since the epoch, as text. */
  readonly timestamp: string;
  /** Id of the delivery. */
  readonly id: string;
  readonly body: string | Uint8Array;
}

/** Value of the header `Doorbell-Signature`: `v1=` and the HMAC-SHA256 over `timestamp.id.body` in hex. */
export function signWebhook(secret: string, content: SignedContent): string {
  return `v1=${digest(secret, content).toString("hex")}`;
}

/**
 * `valid`; `incomplete`: a header is missing or has no such form; `forged`: signed with another secret, or
 * altered; `expired`: genuine, but too old or from the future, as a recorded request sent again is.
 */
export type WebhookVerdict = "valid" | "incomplete" | "forged" | "expired";

/** A request as a receiver got it: headers in lower case, the body's bytes before anything parsed them. */
export interface ReceivedWebhook {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string | Uint8Array;
}

/**
 * For receivers: whether a request comes from this doorbell. A genuine request may arrive twice, after a
 * crash between sending and recording: it then has the same `Doorbell-Id`, and receivers that must not act
 * twice remember the ids of the last day.
 *
 * @param clock `now` in ms since the epoch; `toleranceMs` between the two clocks, 5 minutes by default
 */
export function verifyWebhook(
  secret: string,
  { headers, body }: ReceivedWebhook,
  clock: { readonly now: number; readonly toleranceMs?: number },
): WebhookVerdict {
  const timestamp = headers["doorbell-timestamp"];
  const id = headers["doorbell-id"];
  const signature = headers["doorbell-signature"];
  if (typeof timestamp !== "string" || typeof id !== "string" || typeof signature !== "string")
    return "incomplete";
  if (!/^\d{1,12}$/.test(timestamp) || !/^v1=[0-9a-f]{64}$/.test(signature)) return "incomplete";
  const expected = digest(secret, { timestamp, id, body });
  if (!timingSafeEqual(expected, Buffer.from(signature.slice(3), "hex"))) return "forged";
  const { now, toleranceMs = 300_000 } = clock;
  return Math.abs(now - Number(timestamp) * 1000) <= toleranceMs ? "valid" : "expired";
}

function digest(secret: string, { timestamp, id, body }: SignedContent): Buffer {
  return createHmac("sha256", secret).update(`${timestamp}.${id}.`).update(body).digest();
}
