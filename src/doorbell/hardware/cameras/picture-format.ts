/** Largest frame taken from any camera, bytes. A 12 megapixel JPEG of good quality has 5 MiB. */
export const MAX_FRAME_BYTES = 20 * 1024 * 1024;

/** The formats that cameras give. */
export type FrameMediaType = "image/jpeg" | "image/png" | "image/webp";

/**
 * Judges encoded bytes by their magic numbers and their end, without decoding, so that a half-written or
 * half-sent picture is told from a whole one. Anything but JPEG, PNG and WebP is no picture here.
 */
export function pictureFormat(bytes: Uint8Array): FrameMediaType | "cut" | "no-picture" {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 12) return "cut";
  if (starts(view, JPEG)) return jpegEnds(view) ? "image/jpeg" : "cut";
  if (starts(view, PNG)) return view.lastIndexOf(PNG_END) > 0 ? "image/png" : "cut";
  if (view.toString("latin1", 0, 4) === "RIFF" && view.toString("latin1", 8, 12) === "WEBP") {
    return view.readUInt32LE(4) + 8 <= view.length ? "image/webp" : "cut";
  }
  return "no-picture";
}

const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const JPEG_END = Buffer.from([0xff, 0xd9]);
const START_OF_SCAN = 0xda;
const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
/** The chunk IEND with its checksum. */
const PNG_END = Buffer.from("IEND\xae\x42\x60\x82", "latin1");

const starts = (bytes: Buffer, magic: Buffer): boolean => bytes.subarray(0, magic.length).equals(magic);

/**
 * True when the end-of-image marker follows the first scan (ITU-T T.81, annex B). The segments before are
 * stepped over, for the thumbnail inside them has an end of its own; cameras append padding and notes after it.
 */
function jpegEnds(bytes: Buffer): boolean {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === START_OF_SCAN) return bytes.indexOf(JPEG_END, at) > 0;
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  }
  return false;
}
