import type { Embedding } from "../recognition/face-engine.ts";

/** An embedding as it is stored: little-endian float32. */
export function embeddingBytes(embedding: Embedding): Buffer {
  return Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength);
}

/** The inverse of `embeddingBytes`. */
export function embeddingOf(bytes: Uint8Array): Embedding {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** What a sealed embedding of a visit's face is bound to. */
export function faceContext(faceId: string): string {
  return `face:${faceId}`;
}

/** What a sealed embedding of an enrolled face is bound to. */
export function enrolmentContext(enrolmentId: string): string {
  return `enrolment:${enrolmentId}`;
}

/** What a sealed name is bound to. */
export function nameContext(personId: string): string {
  return `name:${personId}`;
}
