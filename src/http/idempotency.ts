import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { HttpError } from "./problem.ts";

/** How a route's description says that it takes the key. */
export const idempotencyHeaders = z.object({
  "Idempotency-Key": z
    .string()
    .optional()
    .describe(
      "Unique to this request, such as a UUID: sent again it answers the same and does nothing more.",
    ),
});

/**
 * The value of `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): a structured string
 * (RFC 9651), or the bare token that most clients send, of 1 to 255 visible characters. Undefined where
 * the header is absent.
 * @throws HttpError `idempotency_key_bad`
 */
export function idempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const header = headers["idempotency-key"];
  if (header === undefined) return undefined;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(String(header).trim());
  const key = quoted ? quoted[1]!.replace(/\\(.)/g, "$1") : String(header).trim();
  const isKey = quoted ? /^[\x20-\x7e]{1,255}$/.test(key) : /^[!#-+\--:<-[\]-~]{1,255}$/.test(key);
  if (isKey) return key;
  throw new HttpError("read Idempotency-Key: it is not 1 to 255 visible ASCII characters", {
    code: "idempotency_key_bad",
    hint: 'Send something unique to this request, such as a UUID: `Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"`.',
  });
}

/** What a key stands for. */
export interface KeyedRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly contentType?: string | undefined;
  /** The parsed JSON body, or the bytes of a picture. */
  readonly body?: unknown;
}

/** SHA-256, hex, of what was asked for: the same key with another hash is another request, and a mistake. */
export function requestHash({ method, path, contentType, body }: KeyedRequest): string {
  const hash = createHash("sha256").update(JSON.stringify([method, path, contentType ?? ""]));
  return hash.update(body instanceof Uint8Array ? body : (JSON.stringify(body) ?? "")).digest("hex");
}
