/** Five columns, seven rows from the top, a bit a pixel. Drawn by us, for a machine without fonts draws no text. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  A: [0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11],
  D: [0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e],
  E: [0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f],
  I: [0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e],
  M: [0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11],
  N: [0x11, 0x11, 0x19, 0x15, 0x13, 0x11, 0x11],
  O: [0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e],
  R: [0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11],
  S: [0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e],
  T: [0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04],
};

const WORD = "DEMONSTRATION";
const ADVANCE = 6;
const ROWS = 7;
const MARGIN = 2;

/** The height of the band under a frame of this width, pixels. */
export function bandHeight(width: number): number {
  return (ROWS + 2 * MARGIN) * scaleFor(width);
}

/** An SVG picture of `width` by `bandHeight(width)`: the word DEMONSTRATION, white on black. */
export function demonstrationBand(width: number): Buffer {
  const scale = scaleFor(width);
  const left = Math.max(0, (width / scale - WORD.length * ADVANCE) / 2);
  const pixels = [...WORD].flatMap((letter, index) =>
    GLYPHS[letter]!.flatMap((bits, row) =>
      [0, 1, 2, 3, 4]
        .filter((column) => bits & (0x10 >> column))
        .map((column) => `M${index * ADVANCE + column} ${row}h1v1h-1z`),
    ),
  );
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bandHeight(width)}">` +
      `<rect width="100%" height="100%"/>` +
      `<path fill="#fff" transform="scale(${scale}) translate(${left} ${MARGIN})" d="${pixels.join("")}"/></svg>`,
  );
}

/** Half the width for the word, in whole pixels so that its edges stay sharp. */
const scaleFor = (width: number): number => Math.max(1, Math.round(width / (2 * WORD.length * ADVANCE)));
