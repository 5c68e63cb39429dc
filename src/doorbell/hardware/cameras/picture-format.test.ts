import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { pictureFormat } from "./picture-format.ts";

const source = sharp({ create: { width: 40, height: 30, channels: 3, background: "#a64" } });

describe("the judgement of encoded bytes", () => {
  const pictures = new Map<string, Buffer>();

  beforeAll(async () => {
    pictures.set("jpeg", await source.clone().jpeg().toBuffer());
    pictures.set("progressive jpeg", await source.clone().jpeg({ progressive: true }).toBuffer());
    pictures.set(
      "jpeg with metadata",
      await source
        .clone()
        .withExif({ IFD0: { Copyright: "none" } })
        .jpeg()
        .toBuffer(),
    );
    pictures.set("cmyk jpeg", await source.clone().toColourspace("cmyk").jpeg().toBuffer());
    pictures.set("png", await source.clone().png().toBuffer());
    pictures.set("webp", await source.clone().webp().toBuffer());
    pictures.set("lossless webp", await source.clone().webp({ lossless: true }).toBuffer());
    const demo = join(
      dirname(createRequire(import.meta.url).resolve("@vladmandic/face-api/package.json")),
      "demo",
    );
    pictures.set("photo", readFileSync(join(demo, "sample1.jpg")));
  });

  it("names the format of every whole picture, also with padding after it", () => {
    for (const [name, bytes] of pictures) {
      const mediaType = `image/${/png|webp/.exec(name)?.[0] ?? "jpeg"}`;
      expect(pictureFormat(bytes), name).toBe(mediaType);
      expect(pictureFormat(Buffer.concat([bytes, Buffer.alloc(64)])), `${name}, padded`).toBe(mediaType);
    }
  });

  it("calls a picture cut off at any byte never whole", () => {
    for (const [name, bytes] of pictures) {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
          expect(pictureFormat(bytes.subarray(0, length)), name).toBe("cut");
        }),
        { examples: [[bytes.length - 1], [0], [1], [11], [12]] },
      );
    }
  });

  it("is not misled by the end marker of a thumbnail inside", () => {
    const thumbnail = Buffer.from([0xff, 0xd8, 0xff, 0xdb, 0, 2, 0xff, 0xd9]);
    const header = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, 2 + thumbnail.length]);
    expect(pictureFormat(Buffer.concat([header, thumbnail, Buffer.from([0xff, 0xdb])]))).toBe("cut");
  });

  it("calls pages, other formats and noise no picture, and never throws", () => {
    const others = [
      "<!doctype html><title>Login</title>",
      "GIF89a............",
      "RIFF....WAVEfmt ",
      "\0\0\0\x18ftypheic....",
    ];
    for (const text of others) expect(pictureFormat(Buffer.from(text, "latin1")), text).toBe("no-picture");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => !pictureFormat(bytes).startsWith("image/")),
    );
    const jpegStart = Buffer.from([0xff, 0xd8, 0xff]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(["image/jpeg", "cut"]).toContain(
          pictureFormat(Buffer.concat([jpegStart, Buffer.alloc(9), bytes])),
        );
      }),
    );
  });
});
