import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAligner, type Landmarks } from "./alignment.ts";
import { RECOGNITION_SIDE } from "./converter/face-recognition.ts";
import type { DetectedFace, Picture } from "./face-engine.ts";
import { demoFolder, labelledFolder, photosIn, readPhoto, testEngine } from "./fixtures.ts";
import type { OnnxEngine } from "./onnx-engine.ts";
import { loadReference, type Reference, type ReferenceFace } from "./tensorflow-reference.ts";

const MIN_SCORE = 0.5;
/** Largest difference: of boxes and landmarks in px, of descriptors as Euclidean distance, of scores. */
const BOX_TOLERANCE = 1e-2;
const LANDMARK_TOLERANCE = 1e-2;
const DESCRIPTOR_TOLERANCE = 1e-4;
const SCORE_TOLERANCE = 1e-4;

const photos = [demoFolder, labelledFolder].flatMap((folder) =>
  folder === undefined ? [] : photosIn(folder).map((name) => ({ folder, name })),
);

let reference: Reference;
beforeAll(async () => {
  reference = await loadReference();
});

describe.each(["ssd", "tiny"] as const)(
  "the engine with the %s detector agrees with face-api",
  (detector) => {
    let engine: OnnxEngine;
    let facesSeen = 0;
    beforeAll(async () => {
      engine = await testEngine({ detector, minScore: MIN_SCORE });
    });
    afterAll(async () => {
      await engine.close();
      expect(facesSeen).toBeGreaterThan(10);
    });

    it.each(photos)("on $name", async ({ folder, name }) => {
      const picture = await readPhoto(folder, name, 800);
      const theirs = await reference.faces(picture, detector, MIN_SCORE);
      const ours = await engine.detect(picture);
      expect(ours.length).toBe(theirs.length);
      for (const face of ours) await expectAgreement(engine, picture, face, nearest(face, theirs));
      facesSeen += ours.length;
    });
  },
);

function nearest({ box }: DetectedFace, theirs: readonly ReferenceFace[]): ReferenceFace {
  const away = (face: ReferenceFace): number => Math.abs(face.box.x - box.x) + Math.abs(face.box.y - box.y);
  return theirs.toSorted((a, b) => away(a) - away(b))[0]!;
}

async function expectAgreement(
  engine: OnnxEngine,
  picture: Picture,
  ours: DetectedFace,
  theirs: ReferenceFace,
): Promise<void> {
  const { x, y, width, height } = theirs.box;
  expect(Math.abs(ours.score - theirs.score)).toBeLessThan(SCORE_TOLERANCE);
  expect(
    largest([ours.box.x - x, ours.box.y - y, ours.box.width - width, ours.box.height - height]),
  ).toBeLessThan(BOX_TOLERANCE);
  const landmarks = await engine.landmarks(picture, ours);
  expect(largest(theirs.landmarks.map((value, i) => value - landmarks[i]!))).toBeLessThan(LANDMARK_TOLERANCE);
  const descriptor = await engine.describe(picture, ours);
  const same = await reference.describe(chip(picture, landmarks));
  expect(Math.hypot(...same.map((value, i) => value - descriptor[i]!))).toBeLessThan(DESCRIPTOR_TOLERANCE);
}

const align = createAligner(RECOGNITION_SIDE, { scale: 1, shift: [0, 0, 0] });

/** The aligned face as face-api takes it: red, green and blue by turns. */
function chip(picture: Picture, landmarks: Landmarks): Float32Array {
  const planes = align(picture, landmarks);
  const plane = planes.length / 3;
  return planes.map((_, i) => planes[(i % 3) * plane + Math.floor(i / 3)]!);
}

const largest = (differences: readonly number[]): number => Math.max(...differences.map(Math.abs));
