import type { Box, Picture } from "./face-engine.ts";
import type { Normalisation } from "./resample.ts";

/** Where eyes and mouth come to lie in the aligned square, as shares of its side: dlib's values. */
const EYES_TO_MOUTH = 0.45;
const CENTRE_X = 0.5;
const CENTRE_Y = 0.43;

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
 * @param crop what the net saw: `clip(box)`
 * @param box the detector's box, whose fractions of a pixel count as they do in face-api
 */
export function placeLandmarks(shares: Float32Array, crop: Box, box: Box): Landmarks {
  const square = Math.max(crop.width, crop.height);
  const x = Math.max(0, box.x) - (square - crop.width) / 2;
  const y = Math.max(0, box.y) - (square - crop.height) / 2;
  return shares.map((share, i) => share * square + (i % 2 === 0 ? x : y));
}

/** Fills the recognition net's input, planes red, green, blue, with the face as it wants to see it. */
export type Aligner = (picture: Picture, landmarks: Landmarks) => Float32Array;

/**
 * Creates an aligner with a buffer of its own, which every call overwrites: it turns the face until its eyes are
 * level and scales it to the distance from eyes to mouth, bilinearly; outside the picture it is black. dlib turned
 * the faces that the net was trained on; face-api does not, and so takes two tilted heads for one person
 * (`docs/decisions/0002-face-detector.md`).
 * @param side px
 */
export function createAligner(side: number, { scale, shift }: Normalisation): Aligner {
  const plane = side * side;
  const output = new Float32Array(3 * plane);

  return ({ data, width, height }, landmarks) => {
    const { stepX, stepY, left, top } = square(landmarks, side);
    for (let at = 0; at < plane; at++) {
      const column = at % side;
      const row = (at - column) / side;
      const x = left + column * stepX - row * stepY;
      const y = top + column * stepY + row * stepX;
      const wholeX = Math.floor(x);
      const wholeY = Math.floor(y);
      const inside = wholeX >= 0 && wholeY >= 0 && wholeX < width - 1 && wholeY < height - 1;
      const right = x - wholeX;
      const below = y - wholeY;
      const upper = 3 * (wholeY * width + wholeX);
      const lower = upper + 3 * width;
      for (let channel = 0; channel < 3; channel++) {
        const a = upper + channel;
        const b = lower + channel;
        const value = inside
          ? (data[a]! * (1 - right) + data[a + 3]! * right) * (1 - below) +
            (data[b]! * (1 - right) + data[b + 3]! * right) * below
          : 0;
        output[channel * plane + at] = value * scale + shift[channel]!;
      }
    }
    return output;
  };
}

/** The aligned square: its top left corner in the picture, and the step from one of its columns to the next. */
function square(landmarks: Landmarks, side: number) {
  const leftEye = centre(landmarks, LEFT_EYE);
  const rightEye = centre(landmarks, RIGHT_EYE);
  const mouth = centre(landmarks, MOUTH);
  const toMouth = (eye: Point): number => Math.hypot(mouth.x - eye.x, mouth.y - eye.y);
  const step = (toMouth(leftEye) + toMouth(rightEye)) / 2 / EYES_TO_MOUTH / side;
  const tilt = Math.atan2(rightEye.y - leftEye.y, rightEye.x - leftEye.x);
  const stepX = Math.cos(tilt) * step;
  const stepY = Math.sin(tilt) * step;
  const column = CENTRE_X * side;
  const row = CENTRE_Y * side;
  return {
    stepX,
    stepY,
    left: (leftEye.x + rightEye.x + mouth.x) / 3 - column * stepX + row * stepY,
    top: (leftEye.y + rightEye.y + mouth.y) / 3 - column * stepY - row * stepX,
  };
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
