import { PhotoError } from "./photo-error.ts";

/** The formats that are read. */
export type PhotoMediaType = "image/jpeg" | "image/png" | "image/webp" | "image/avif";

/** Brands of ISO media files (ISO/IEC 23008-12) that hold HEVC pictures, as iPhones write them. */
const HEIC_BRANDS = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"]);
const ACCEPTED = "Send the photo as JPEG, PNG, WebP or AVIF.";

/**
 * Tells the format by the first bytes, before any decoder sees the file.
 * @throws PhotoError `empty`, `not_an_image`, `unsupported_format`, `heic`, `animated`
 */
export function sniffPhoto(bytes: Uint8Array): PhotoMediaType {
  if (bytes.length === 0) {
    throw new PhotoError("read photo: file is empty", {
      code: "empty",
      hint: "Take or choose the photo again; nothing arrived.",
    });
  }
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (from: number, to: number): string => file.toString("latin1", from, to);
  if (text(0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return still("image/png", isAnimatedPng(file));
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return still("image/webp", isAnimatedWebp(file));
  if (text(4, 8) === "ftyp") return isoMedia(text(8, 12), text(16, Math.min(file.readUInt32BE(0), 256)));
  if (text(0, 4) === "GIF8") return gif(file);
  if (/^(BM|II\*\0|MM\0\*)/.test(text(0, 4))) throw unsupported("BMP and TIFF pictures");
  throw new PhotoError("read photo: file is not an image", { code: "not_an_image", hint: ACCEPTED });
}

function still(mediaType: PhotoMediaType, animated: boolean): PhotoMediaType {
  if (!animated) return mediaType;
  throw new PhotoError("read photo: picture is animated", {
    code: "animated",
    hint: "Send a single picture, not an animation.",
  });
}

/** APNG: an animation control chunk before the picture's data. */
function isAnimatedPng(file: Buffer): boolean {
  const control = file.indexOf("acTL", 0, "latin1");
  const data = file.indexOf("IDAT", 0, "latin1");
  return control !== -1 && (data === -1 || control < data);
}

/** The animation bit of the extended header (WebP container specification, VP8X). */
function isAnimatedWebp(file: Buffer): boolean {
  return file.toString("latin1", 12, 16) === "VP8X" && ((file[20] ?? 0) & 0x02) !== 0;
}

/** @param brand the main brand @param others the compatible brands, four letters each */
function isoMedia(brand: string, others: string): PhotoMediaType {
  const brands = [brand, ...(others.match(/.{4}/gs) ?? [])];
  if (brand === "avis") return still("image/avif", true);
  if (brands.includes("avif")) return "image/avif";
  if (brands.some((name) => HEIC_BRANDS.has(name))) {
    throw new PhotoError("read photo: HEIC is not supported", {
      code: "heic",
      hint: "Switch the phone to JPEG (iPhone: Settings, Camera, Formats, Most Compatible; Android: camera settings, turn off high efficiency pictures) or convert the photo.",
    });
  }
  throw new PhotoError("read photo: file is a film, not a picture", { code: "not_an_image", hint: ACCEPTED });
}

function gif(file: Buffer): never {
  // Repeating is an application block that only animations carry.
  still("image/png", file.includes("NETSCAPE2.0", 0, "latin1"));
  throw unsupported("GIF pictures");
}

function unsupported(what: string): PhotoError {
  return new PhotoError(`read photo: ${what} are not supported`, {
    code: "unsupported_format",
    hint: ACCEPTED,
  });
}
