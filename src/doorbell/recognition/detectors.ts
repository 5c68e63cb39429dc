import { SSD_SIDE } from "./converter/ssd-mobilenetv1.ts";
import { TINY_CELLS, TINY_SIDE } from "./converter/tiny-face-detector.ts";
import type { Box, DetectedFace, Picture } from "./face-engine.ts";

/** Boxes that overlap more than this (intersection over union) are one face; face-api's values. */
const SSD_OVERLAP = 0.5;
const TINY_OVERLAP = 0.4;
/** Most faces that are told of one picture. */
const MOST_FACES = 100;
/** Widths and heights of the tiny detector's five anchors, in cells. */
const TINY_ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;

/**
 * Reads the outputs of the SSD graph.
 * @param boxes 5118 x 4: top, left, bottom, right as shares of the square
 * @param scores 5118, from 0 to 1
 */
export function ssdFaces(
  boxes: Float32Array,
  scores: Float32Array,
  picture: Picture,
  minScore: number,
): DetectedFace[] {
  const [perWidth, perHeight] = pixelsPerSquare(picture, SSD_SIDE);
  const candidates: DetectedFace[] = [];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (score <= minScore) continue;
    const y = boxes[4 * i]!;
    const x = boxes[4 * i + 1]!;
    candidates.push({ score, box: { x, y, width: boxes[4 * i + 3]! - x, height: boxes[4 * i + 2]! - y } });
  }
  return withoutOverlaps(candidates, SSD_OVERLAP).map(({ score, box }) => {
    const x = Math.max(0, box.x);
    const y = Math.max(0, box.y);
    const width = Math.min(1, box.x + box.width) - x;
    const height = Math.min(1, box.y + box.height) - y;
    return { score, box: scaleBox({ x, y, width, height }, perWidth, perHeight) };
  });
}

/**
 * Reads the output of the tiny detector's graph (YOLO v2, Redmon and Farhadi 2016, section "direct location
 * prediction").
 * @param cells 25 x 13 x 13
 */
export function tinyFaces(cells: Float32Array, picture: Picture, minScore: number): DetectedFace[] {
  const [perWidth, perHeight] = pixelsPerSquare(picture, TINY_SIDE);
  const plane = TINY_CELLS * TINY_CELLS;
  const candidates: DetectedFace[] = [];
  for (const [anchor, [anchorWidth, anchorHeight]] of TINY_ANCHORS.entries()) {
    for (let cell = 0; cell < plane; cell++) {
      const value = (k: number): number => cells[(5 * anchor + k) * plane + cell]!;
      const score = sigmoid(value(4));
      if (score <= minScore) continue;
      const width = (Math.exp(value(2)) * anchorWidth) / TINY_CELLS;
      const height = (Math.exp(value(3)) * anchorHeight) / TINY_CELLS;
      const x = ((cell % TINY_CELLS) + sigmoid(value(0))) / TINY_CELLS - width / 2;
      const y = (Math.floor(cell / TINY_CELLS) + sigmoid(value(1))) / TINY_CELLS - height / 2;
      candidates.push({ score, box: scaleBox({ x, y, width, height }, perWidth, perHeight) });
    }
  }
  return withoutOverlaps(candidates, TINY_OVERLAP);
}

/** Best score first; drops every box that overlaps a better one. */
function withoutOverlaps(candidates: readonly DetectedFace[], overlap: number): DetectedFace[] {
  const kept: DetectedFace[] = [];
  for (const candidate of candidates.toSorted((a, b) => b.score - a.score)) {
    if (kept.length === MOST_FACES) break;
    if (kept.every((better) => intersectionOverUnion(better.box, candidate.box) <= overlap)) {
      kept.push(candidate);
    }
  }
  return kept;
}

/** Shared area of two boxes as a share of the area that both cover, 0 to 1. */
function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** How many pixels of the picture the whole square covers; the original rounds the scaled sides. */
function pixelsPerSquare({ width, height }: Picture, side: number): [number, number] {
  const scale = side / Math.max(width, height);
  const covered = (length: number): number => (side / Math.max(1, Math.round(length * scale))) * length;
  return [covered(width), covered(height)];
}

const scaleBox = (box: Box, perWidth: number, perHeight: number): Box => ({
  x: box.x * perWidth,
  y: box.y * perHeight,
  width: box.width * perWidth,
  height: box.height * perHeight,
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
