import sharp, { type Sharp } from "sharp";
import { messageOf } from "../../lib/errors.ts";
import type { Picture } from "./face-engine.ts";
import { PhotoError } from "./photo-error.ts";
import { type PhotoMediaType, sniffPhoto } from "./photo-format.ts";

// One photo is decoded once: a cache only holds memory. Workers are processes: threads inside only get in the way.
sharp.cache(false);
sharp.concurrency(1);
// Of all the formats that libvips reads, only these are within reach of what a stranger sends. SVG is our own,
// drawn by the demonstration camera in the same process; `sniffPhoto` lets none in.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: ["Jpeg", "Png", "Webp", "Heif", "Svg"].map((format) => `VipsForeignLoad${format}`),
});

/** What a photo may be at most. */
export interface PhotoLimits {
  /** Size of the file, bytes. */
  readonly maxBytes: number;
  /** Width times height as stored. */
  readonly maxPixels: number;
}

/** What the header of a photo tells. */
export interface PhotoFacts {
  readonly mediaType: PhotoMediaType;
  /** Upright size, px. */
  readonly width: number;
  readonly height: number;
}

/**
 * Reads format and size from the header, without decoding.
 * @throws PhotoError
 */
export async function inspectPhoto(bytes: Uint8Array, limits: PhotoLimits): Promise<PhotoFacts> {
  return (await open(bytes, limits)).facts;
}

/**
 * Decodes a photo: turned upright as its EXIF data says, as 8-bit sRGB whatever it was (CMYK, grey, 16 bits;
 * transparent parts black), shrunk so that no side is longer than `maxSide` px, which costs less than decoding
 * it whole.
 * @throws PhotoError
 */
export async function decodePhoto(bytes: Uint8Array, limits: PhotoLimits, maxSide: number): Promise<Picture> {
  const { image } = await open(bytes, limits);
  const { data, info } = await readable(() =>
    image
      .autoOrient()
      .resize({ width: maxSide, height: maxSide, fit: "inside", withoutEnlargement: true })
      .flatten()
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true }),
  );
  return { width: info.width, height: info.height, data };
}

/** A picture as the bytes of a JPEG file. @param quality 1 to 100 */
export async function encodeJpeg({ data, width, height }: Picture, quality = 85): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
}

async function open(bytes: Uint8Array, limits: PhotoLimits): Promise<{ image: Sharp; facts: PhotoFacts }> {
  if (bytes.length > limits.maxBytes) {
    throw new PhotoError(`read photo: ${bytes.length} bytes, at most ${limits.maxBytes} are allowed`, {
      code: "too_large",
      hint: "Send a smaller photo, or raise recognition.photo.maxBytes.",
    });
  }
  const mediaType = sniffPhoto(bytes);
  // "truncated": cameras write small faults that do no harm; a picture that ends too early is refused.
  const image = sharp(bytes, { failOn: "truncated", limitInputPixels: false });
  const { width, height, autoOrient } = await readable(() => image.metadata());
  if (width * height > limits.maxPixels) {
    throw new PhotoError(`read photo: ${width} x ${height} pixels, at most ${limits.maxPixels} are allowed`, {
      code: "too_many_pixels",
      hint: "Send a smaller photo, or raise recognition.photo.maxPixels.",
    });
  }
  return { image, facts: { mediaType, width: autoOrient.width, height: autoOrient.height } };
}

/** Runs a step of the decoder; whatever it stumbles over, the format was right and the content is not. */
async function readable<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new PhotoError(`read photo: file is truncated or damaged: ${messageOf(error).split("\n")[0]}`, {
      code: "truncated",
      hint: "Send the photo again; it broke on its way or on its storage.",
      cause: error,
    });
  }
}
