import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../testing/guard.ts";
import { ensureGraphs } from "./converter/ensure-graphs.ts";
import type { DetectedFace, Picture } from "./face-engine.ts";
import { demoFolder, readPhoto, shippedSettings, testEngine } from "./fixtures.ts";
import { createOnnxEngine, type OnnxEngine } from "./onnx-engine.ts";
import { RecognitionError } from "./recognition-error.ts";

describe("the engine", () => {
  let engine: OnnxEngine;
  beforeAll(async () => {
    engine = await testEngine();
  });
  afterAll(() => engine.close());

  it("names each net with the hash of its weights", () => {
    expect(engine.model).toMatch(
      /^ssd_mobilenetv1@[0-9a-f]{8}\+face_landmark_68@[0-9a-f]{8}\+eyes_level\+face_recognition@[0-9a-f]{8}$/,
    );
  });

  it("finds faces largest first and describes each by 128 numbers", async () => {
    const picture = await readPhoto(demoFolder, "sample1.jpg");
    const faces = await engine.detect(picture);
    expect(faces.length).toBeGreaterThanOrEqual(3);
    const areas = faces.map(({ box }) => box.width * box.height);
    expect(areas).toEqual(areas.toSorted((a, b) => b - a));
    for (const face of faces) expect((await engine.describe(picture, face)).length).toBe(128);
  });

  it("gives the same numbers when calls overlap", async () => {
    const pictures = [await readPhoto(demoFolder, "sample1.jpg"), await readPhoto(demoFolder, "sample2.jpg")];
    const apart: DetectedFace[][] = [];
    for (const picture of pictures) apart.push(await engine.detect(picture));
    expect(await Promise.all(pictures.map((picture) => engine.detect(picture)))).toEqual(apart);
    const descriptions = pictures.map((picture, i) => engine.describe(picture, apart[i]![0]!));
    const [first, second] = await Promise.all(descriptions);
    expect(first).not.toEqual(second);
    expect(await engine.describe(pictures[0]!, apart[0]![0]!)).toEqual(first);
  });

  it("knows a tilted head again", async () => {
    const upright = await readPhoto(demoFolder, "sample6.jpg");
    const tilted = await tilt(upright, 30);
    const [, , third] = (await engine.detect(upright)).toSorted((a, b) => a.box.x - b.box.x);
    const known = await engine.describe(upright, third!);
    const distances = [];
    for (const face of await engine.detect(tilted)) {
      distances.push(distance(known, await engine.describe(tilted, face)));
    }
    distances.sort((a, b) => a - b);
    expect(distances[0]).toBeLessThan(0.4);
    expect(distances[1]).toBeGreaterThan(shippedSettings.matchDistance);
  });

  it("works on pictures of any shape", async () => {
    for (const [width, height] of [
      [1, 1],
      [3000, 1],
      [1, 3000],
      [512, 512],
      [37, 1000],
    ] as const) {
      const data = new Uint8Array(3 * width * height).fill(120);
      expect(await engine.detect({ width, height, data })).toEqual([]);
    }
  });

  it("describes a box that reaches past the picture's edge", async () => {
    const picture = await readPhoto(demoFolder, "sample1.jpg");
    const box = { x: -40, y: picture.height - 60, width: 120, height: 120 };
    const embedding = await engine.describe(picture, { box, score: 1 });
    expect(embedding.every(Number.isFinite)).toBe(true);
  });
});

async function tilt({ data, width, height }: Picture, degrees: number): Promise<Picture> {
  const turned = sharp(data, { raw: { width, height, channels: 3 } }).rotate(degrees);
  const { data: pixels, info } = await turned.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: pixels };
}

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.hypot(...a.map((value, i) => value - b[i]!));

describe("an engine that cannot be made", () => {
  const folder = temporaryFolder();

  it("says so when the native library does not load", async () => {
    const loadRuntime = () => import(join(folder, "missing.node"));
    const error = await createOnnxEngine(shippedSettings, { graphFolder: folder, loadRuntime }).catch(String);
    expect(error).toMatch(/^RecognitionError: load onnxruntime: /);
  });

  it("says so when a converted net is damaged", async () => {
    const { face_recognition: file } = await ensureGraphs(folder);
    writeFileSync(file, readFileSync(file).subarray(0, 1000));
    const error = await createOnnxEngine(shippedSettings, { graphFolder: folder }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RecognitionError);
    expect(error).toMatchObject({
      code: "graphs_unavailable",
      hint: expect.stringContaining("Delete the file"),
    });
    expect((error as Error).message).toContain(file);
  });
});
