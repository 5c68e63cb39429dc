import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { DoorbellError } from "../lib/errors.ts";

/** Something sealed that does not open: altered, or sealed under another key. */
export class EnvelopeError extends DoorbellError {}

const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts with AES-256-GCM (NIST SP 800-38D) under a random 96-bit IV.
 * Shape: version (1 byte), IV (12), ciphertext, tag (16).
 *
 * @param key 32 bytes
 * @param context what it is and whose; it opens only where the same context is given
 */
export function seal(key: Uint8Array, plain: Uint8Array | string, context: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
  const body = typeof plain === "string" ? cipher.update(plain, "utf8") : cipher.update(plain);
  return Buffer.concat([Buffer.of(VERSION), iv, body, cipher.final(), cipher.getAuthTag()]);
}

/** The inverse of `seal`. @throws EnvelopeError `sealed_damaged` when anything differs */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: string): Buffer {
  try {
    if (sealed[0] !== VERSION) throw new Error(`version ${sealed[0]} is not ${VERSION}`);
    const tagAt = sealed.length - TAG_BYTES;
    if (tagAt < 1 + IV_BYTES) throw new Error(`${sealed.length} bytes are too few`);
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 1 + IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(context))
      .setAuthTag(sealed.subarray(tagAt));
    return Buffer.concat([decipher.update(sealed.subarray(1 + IV_BYTES, tagAt)), decipher.final()]);
  } catch (error) {
    throw new EnvelopeError(`open ${context}: it was altered, or sealed under another key`, {
      code: "sealed_damaged",
      hint: "If the key folder was restored or replaced, bring back the one that belongs to this data; else restore a backup.",
      cause: error,
    });
  }
}
