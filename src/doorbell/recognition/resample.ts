import type { Box, Picture } from "./face-engine.ts";

/** How a net wants its numbers: `value * scale + shift` for each of red, green, blue. */
export interface Normalisation {
  readonly scale: number;
  readonly shift: readonly [number, number, number];
}

/** Where a crop lies in the square that a net sees; the rest of the square is black. */
export type Placement = "top-left" | "centred";

/** For each place of the output: offsets of two source numbers and their weights. Weight 0 is outside the crop. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly firstWeight: Float32Array;
  readonly secondWeight: Float32Array;
}

/** Fills a net's input, `Float32Array(3 * side * side)`, planes red, green, blue, and gives it back. */
export type Resampler = (picture: Picture, crop: Box) => Float32Array;

/**
 * Creates a resampler with buffers of its own, which every call overwrites: it puts a crop into a square and
 * scales that bilinearly to the side of the net, as TensorFlow.js's `resizeBilinear` does with its defaults (no
 * half-pixel offset), whose results the nets' thresholds were measured with.
 * @param side px
 */
export function createResampler(side: number, placement: Placement, normalisation: Normalisation): Resampler {
  const plane = side * side;
  const output = new Float32Array(3 * plane);
  const columns = createTaps(side);
  const rows = createTaps(side);
  const { scale, shift } = normalisation;
  const [shiftRed, shiftGreen, shiftBlue] = shift;

  return (picture, crop) => {
    const square = Math.max(crop.width, crop.height);
    aim(columns, crop.x, crop.width, square, placement, 3);
    aim(rows, crop.y, crop.height, square, placement, 3 * picture.width);
    const { data } = picture;
    const { first, second, firstWeight, secondWeight } = columns;

    for (let row = 0; row < side; row++) {
      const upper = rows.first[row]!;
      const lower = rows.second[row]!;
      const upperWeight = rows.firstWeight[row]! * scale;
      const lowerWeight = rows.secondWeight[row]! * scale;
      let red = row * side;
      if (upperWeight === 0 && lowerWeight === 0) {
        output.fill(shiftRed, red, red + side);
        output.fill(shiftGreen, red + plane, red + plane + side);
        output.fill(shiftBlue, red + 2 * plane, red + 2 * plane + side);
        continue;
      }
      for (let column = 0; column < side; column++, red++) {
        const left = firstWeight[column]!;
        const right = secondWeight[column]!;
        const a = upper + first[column]!;
        const b = upper + second[column]!;
        const c = lower + first[column]!;
        const d = lower + second[column]!;
        output[red] =
          (data[a]! * left + data[b]! * right) * upperWeight +
          (data[c]! * left + data[d]! * right) * lowerWeight +
          shiftRed;
        output[red + plane] =
          (data[a + 1]! * left + data[b + 1]! * right) * upperWeight +
          (data[c + 1]! * left + data[d + 1]! * right) * lowerWeight +
          shiftGreen;
        output[red + 2 * plane] =
          (data[a + 2]! * left + data[b + 2]! * right) * upperWeight +
          (data[c + 2]! * left + data[d + 2]! * right) * lowerWeight +
          shiftBlue;
      }
    }
    return output;
  };
}

function createTaps(side: number): Taps {
  return {
    first: new Int32Array(side),
    second: new Int32Array(side),
    firstWeight: new Float32Array(side),
    secondWeight: new Float32Array(side),
  };
}

/**
 * Computes the taps along one axis.
 * @param start of the crop in the picture, px
 * @param length of the crop, px
 * @param step numbers between two neighbours in the picture's data
 */
function aim(
  taps: Taps,
  start: number,
  length: number,
  square: number,
  placement: Placement,
  step: number,
): void {
  const side = taps.first.length;
  const before = placement === "centred" ? Math.floor((square - length) / 2) : 0;
  // Single precision throughout: the original counts so, and an edge must fall on the same pixel.
  const scale = Math.fround(square / side);
  for (let i = 0; i < side; i++) {
    const source = Math.fround(i * scale);
    const first = Math.floor(source) - before;
    const second = Math.min(first + 1, square - 1 - before);
    const fraction = source - Math.floor(source);
    const firstInside = first >= 0 && first < length;
    const secondInside = second >= 0 && second < length;
    taps.first[i] = firstInside ? (start + first) * step : 0;
    taps.second[i] = secondInside ? (start + second) * step : 0;
    taps.firstWeight[i] = firstInside ? 1 - fraction : 0;
    taps.secondWeight[i] = secondInside ? fraction : 0;
  }
}
