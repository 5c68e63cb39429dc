import type { PhotoFacts, PhotoLimits } from "../doorbell/recognition/photo.ts";

/** Longest side to which a photo is decoded to see whether it is whole: enough to read all of the file. */
const GLANCE_PX = 64;

/**
 * Refuses a photo that is none, too large, or broken, before it is kept. The decoder is loaded with the first
 * photo: most presses bring none.
 * @throws PhotoError
 */
export async function checkPhoto(
  bytes: Uint8Array,
  limits: PhotoLimits,
): Promise<Pick<PhotoFacts, "mediaType">> {
  const { decodePhoto, inspectPhoto } = await import("../doorbell/recognition/photo.ts");
  const facts = await inspectPhoto(bytes, limits);
  await decodePhoto(bytes, limits, GLANCE_PX);
  return facts;
}
