import type { Box, Picture } from "./face-engine.ts";

/** Share of the aligned square that lies between eyes and mouth, and above the centre of both: dlib's values. */
const EYES_TO_MOUTH = 0.45;
const ABOVE_CENTRE = 0.43;

/** Ranges of the 68 landmarks (iBUG 300-W order): from, to (exclusive). */
const LEFT_EYE = [36, 42] as const;
const RIGHT_EYE = [42, 48] as const;
const MOUTH = [48, 68] as const;

/** 68 points as x, y by turns, px of the picture: `Float32Array(136)`. */
export type Landmarks = Float32Array;

/** The whole pixels of a box inside the picture; width or height is 0 or less where nothing is. */
export function clip(box: Box, picture: Picture): Box {
  const x = Math.max(0, box.x);
  const y = Math.max(0, box.y);
  return {
    x: Math.floor(x),
    y: Math.floor(y),
    width: Math.floor(Math.min(box.x + box.width - x, picture.width - x)),
    height: Math.floor(Math.min(box.y + box.height - y, picture.height - y)),
  };
}

/** True when at least one pixel is inside. */
export const hasArea = (box: Box): boolean => box.width > 0 && box.height > 0;

/**
 * Landmarks in the picture from the net's output.
 * @param shares 136, of the square around the crop
 * @param crop what the net saw
 * @param box the detector's box, unrounded: face-api shifts by it, and the thresholds are measured so
 */
export function placeLandmarks(shares: Float32Array, crop: Box, box: Box): Landmarks {
  const square = Math.max(crop.width, crop.height);
  const padX = (square - crop.width) / 2;
  const padY = (square - crop.height) / 2;
  return shares.map((share, i) => share * square + (i % 2 === 0 ? box.x - padX : box.y - padY));
}

/**
 * The square that the recognition net wants to see, cut at the picture's edge: dlib's alignment as face-api
 * does it (upright, sized by the distance from eyes to mouth).
 */
export function alignedCrop(landmarks: Landmarks, crop: Box, picture: Picture): Box {
  const left = centre(landmarks, LEFT_EYE);
  const right = centre(landmarks, RIGHT_EYE);
  const mouth = centre(landmarks, MOUTH);
  const distance = (eye: Point): number => Math.hypot(mouth.x - eye.x, mouth.y - eye.y);
  const size = Math.floor((distance(left) + distance(right)) / 2 / EYES_TO_MOUTH);
  const x = Math.floor(Math.max(0, (left.x + right.x + mouth.x) / 3 - 0.5 * size));
  const y = Math.floor(Math.max(0, (left.y + right.y + mouth.y) / 3 - ABOVE_CENTRE * size));
  const square = { x, y, width: Math.min(size, crop.width + x), height: Math.min(size, crop.height + y) };
  return clip(square, picture);
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function centre(landmarks: Landmarks, [from, to]: readonly [number, number]): Point {
  let x = 0;
  let y = 0;
  for (let i = from; i < to; i++) {
    x += landmarks[2 * i]!;
    y += landmarks[2 * i + 1]!;
  }
  return { x: x / (to - from), y: y / (to - from) };
}
