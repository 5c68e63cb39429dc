import { crc32 } from "node:zlib";
import fc from "fast-check";
import sharp, { type Sharp } from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { shippedSettings } from "./fixtures.ts";
import { decodePhoto, encodeJpeg, inspectPhoto } from "./photo.ts";
import { PhotoError } from "./photo-error.ts";

const LIMITS = shippedSettings.photo;
const RED = { r: 200, g: 30, b: 40 };

/** A picture of one colour, 80 x 60, its left third white so that turning shows. */
async function drawing(): Promise<Sharp> {
  const white = await sharp({ create: { width: 26, height: 60, channels: 3, background: "white" } })
    .png()
    .toBuffer();
  const picture = sharp({ create: { width: 80, height: 60, channels: 3, background: RED } });
  return sharp(
    await picture
      .composite([{ input: white, left: 0, top: 0 }])
      .png()
      .toBuffer(),
  );
}

/** A header that promises `side` x `side` pixels, with a correct checksum and nothing behind it. */
async function hugePng(side: number): Promise<Buffer> {
  const png = await (await drawing()).png().toBuffer();
  png.writeUInt32BE(side, 16);
  png.writeUInt32BE(side, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

/** Two frames, one above the other. */
async function animation(format: "webp" | "gif"): Promise<Buffer> {
  const noise = { type: "gaussian" as const, mean: 128, sigma: 30 };
  const frames = { width: 20, height: 40, channels: 3 as const, background: RED, pageHeight: 20, noise };
  return sharp({ create: frames })
    .toFormat(format, { loop: 0, delay: [100, 100] })
    .toBuffer();
}

/** `ftyp` box as an iPhone writes it. */
const heic = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\0meta", "latin1");

describe("good photos", () => {
  const make: Record<string, (picture: Sharp) => Promise<Buffer>> = {
    "a JPEG": (picture) => picture.jpeg({ quality: 95 }).toBuffer(),
    "a progressive JPEG": (picture) => picture.jpeg({ quality: 95, progressive: true }).toBuffer(),
    "a CMYK JPEG": (picture) => picture.toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer(),
    "a PNG": (picture) => picture.png().toBuffer(),
    "a PNG with a palette": (picture) => picture.png({ palette: true }).toBuffer(),
    "a PNG of 16 bits": (picture) => picture.toColourspace("rgb16").png().toBuffer(),
    "a PNG with transparency": (picture) => picture.ensureAlpha(1).png().toBuffer(),
    "a WebP": (picture) => picture.webp({ quality: 95 }).toBuffer(),
    "an AVIF": (picture) => picture.avif({ quality: 90, chromaSubsampling: "4:4:4" }).toBuffer(),
  };
  it.each(Object.entries(make))("%s becomes 8-bit RGB", async (_, write) => {
    const picture = await decodePhoto(await write(await drawing()), LIMITS, 1000);
    expect([picture.width, picture.height, picture.data.length]).toEqual([80, 60, 80 * 60 * 3]);
    const [r = 0, g = 0, b = 0] = picture.data.subarray(3 * (30 * 80 + 60));
    // CMYK goes through a print profile, so colours move.
    expect(Math.max(Math.abs(r - RED.r), Math.abs(g - RED.g), Math.abs(b - RED.b))).toBeLessThan(40);
  });

  it.each([
    ["a grey JPEG", (picture: Sharp) => picture.toColourspace("b-w").jpeg().toBuffer()],
    ["a grey PNG of 16 bits", (picture: Sharp) => picture.toColourspace("grey16").png().toBuffer()],
  ])("%s becomes RGB with three equal values", async (_, write) => {
    const { data, width, height } = await decodePhoto(await write(await drawing()), LIMITS, 1000);
    expect(data.length).toBe(width * height * 3);
    const [r, g, b] = data.subarray(3 * (30 * 80 + 60));
    expect([g, b]).toEqual([r, r]);
    expect(r).toBeGreaterThan(40);
  });

  it("are turned as EXIF says, and their size is told upright", async () => {
    const turned = await (await drawing()).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { data, ...size } = await decodePhoto(turned, LIMITS, 1000);
    expect(size).toEqual({ width: 60, height: 80 });
    expect(
      data.subarray(0, 3).every((value) => value > 240),
      "the white side is up",
    ).toBe(true);
    expect(data.at(-2), "the red side is down").toBeLessThan(80);
    expect(await inspectPhoto(turned, LIMITS)).toEqual({ mediaType: "image/jpeg", width: 60, height: 80 });
  });

  it("are shrunk to the longest side, never enlarged", async () => {
    const photo = await (await drawing()).resize(400, 300).jpeg().toBuffer();
    expect(await decodePhoto(photo, LIMITS, 200)).toMatchObject({ width: 200, height: 150 });
    expect(await decodePhoto(photo, LIMITS, 500)).toMatchObject({ width: 400, height: 300 });
  });

  it("come back from encodeJpeg as they were", async () => {
    const picture = await decodePhoto(await (await drawing()).png().toBuffer(), LIMITS, 1000);
    const again = await decodePhoto(await encodeJpeg(picture, 95), LIMITS, 1000);
    expect([again.width, again.height]).toEqual([80, 60]);
    const [r = 0] = again.data.subarray(3 * (30 * 80 + 60));
    expect(Math.abs(r - RED.r)).toBeLessThan(6);
  });
});

describe("bad photos are refused with a reason", () => {
  const refused: [string, string, number, () => Promise<Uint8Array> | Uint8Array][] = [
    ["no bytes at all", "empty", 422, () => new Uint8Array(0)],
    ["text", "not_an_image", 415, () => Buffer.from("Guten Tag")],
    ["one byte", "not_an_image", 415, () => Buffer.from("\xff", "latin1")],
    ["SVG", "not_an_image", 415, () => Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>")],
    ["a film", "not_an_image", 415, () => Buffer.from("\0\0\0\x14ftypisom\0\0\0\0isom", "latin1")],
    ["a TIFF", "unsupported_format", 415, async () => (await drawing()).tiff().toBuffer()],
    ["a still GIF", "unsupported_format", 415, async () => (await drawing()).gif().toBuffer()],
    ["HEIC", "heic", 415, () => heic],
    ["an animated WebP", "animated", 422, () => animation("webp")],
    ["an animated GIF", "animated", 422, () => animation("gif")],
    ["the head of a JPEG", "truncated", 422, () => Buffer.from("\xff\xd8\xff\xe0", "latin1")],
    ["20,000 x 20,000 pixels", "too_many_pixels", 413, () => hugePng(20_000)],
    ["50 MB", "too_large", 413, () => Buffer.alloc(50_000_000, "\xff\xd8\xff", "latin1")],
  ];
  it.each(refused)("%s: %s, %i", async (_, code, status, make) => {
    const bytes = await make();
    const error = await decodePhoto(bytes, LIMITS, 1000).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PhotoError);
    expect(error).toMatchObject({ code, status, retryable: false, hint: expect.stringMatching(/\w{3}/) });
    await expect(inspectPhoto(bytes, LIMITS)).rejects.toMatchObject({ code });
  });

  it.each(["jpeg", "png", "webp", "avif"] as const)("a %s that ends too early: truncated", async (format) => {
    const noise = { type: "gaussian" as const, mean: 128, sigma: 40 };
    const whole = await sharp({ create: { width: 300, height: 200, channels: 3, background: RED, noise } })
      .toFormat(format)
      .toBuffer();
    for (const share of [0.2, 0.6, 0.98]) {
      const part = whole.subarray(0, whole.length * share);
      await expect(decodePhoto(part, LIMITS, 1000)).rejects.toMatchObject({ code: "truncated" });
    }
  });

  it("an animated PNG: animated", async () => {
    const png = await (await drawing()).png().toBuffer();
    const control = Buffer.from("\0\0\0\x08acTL\0\0\0\x02\0\0\0\0\0\0\0\0", "latin1");
    const apng = Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]);
    await expect(decodePhoto(apng, LIMITS, 1000)).rejects.toMatchObject({ code: "animated" });
  });
});

describe("whatever arrives", () => {
  let jpeg: Buffer;
  beforeAll(async () => {
    jpeg = await (await drawing()).jpeg().toBuffer();
  });

  /** A picture with as much data as its size says, or a refusal: nothing else. */
  async function expectPictureOrRefusal(bytes: Uint8Array): Promise<void> {
    const result = await decodePhoto(bytes, LIMITS, 1000).catch((reason: unknown) => reason);
    if (result instanceof PhotoError) return;
    const { width, height, data } = result as Awaited<ReturnType<typeof decodePhoto>>;
    expect(data.length).toBe(3 * width * height);
  }

  it("random bytes, with and without an image's first bytes, give a picture or a refusal", async () => {
    const head = fc.constantFrom(
      "",
      "\xff\xd8\xff",
      "\x89PNG\r\n\x1a\n",
      "RIFF\0\0\0\0WEBP",
      "\0\0\0\x18ftypavif",
      "GIF89a",
    );
    await fc.assert(
      fc.asyncProperty(head, fc.uint8Array({ maxLength: 500 }), (start, rest) =>
        expectPictureOrRefusal(Buffer.concat([Buffer.from(start, "latin1"), rest])),
      ),
      { numRuns: 200 },
    );
  });

  it("a JPEG with bytes changed, cut out or put in gives a picture or a refusal", async () => {
    const change = fc.record({
      at: fc.nat({ max: 5000 }),
      cut: fc.nat({ max: 40 }),
      put: fc.uint8Array({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        let bytes = jpeg;
        for (const { at, cut, put } of changes) {
          const from = at % bytes.length;
          bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)]);
        }
        return expectPictureOrRefusal(bytes);
      }),
      { numRuns: 200 },
    );
  });
});
