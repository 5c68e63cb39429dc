import fc from "fast-check";
import { expect, it } from "vitest";
import { squareAround } from "./square.ts";

const fraction = (max = 1) => fc.double({ min: 0.01, max, noNaN: true });

it("cuts a square that lies in the frame and is as large as the face, or as the frame where that is smaller", () => {
  fc.assert(
    fc.property(
      fraction(0.9),
      fraction(0.9),
      fraction(),
      fraction(),
      fc.double({ min: 0.3, max: 3, noNaN: true }),
      (x, y, width, height, ratio) => {
        const square = squareAround({ x, y, width, height }, ratio);
        expect(square.height).toBeCloseTo(square.width * ratio);
        expect(square.x).toBeGreaterThanOrEqual(0);
        expect(square.y).toBeGreaterThanOrEqual(0);
        expect(square.x + square.width).toBeLessThanOrEqual(1 + 1e-9);
        expect(square.y + square.height).toBeLessThanOrEqual(1 + 1e-9);
        const isWhole = square.width >= width - 1e-9 && square.height >= height - 1e-9;
        const isFrame = square.width > 1 - 1e-9 || square.height > 1 - 1e-9;
        expect(isWhole || isFrame).toBe(true);
      },
    ),
  );
});

it("has the face in its middle where there is room", () => {
  expect(squareAround({ x: 0.4, y: 0.4, width: 0.1, height: 0.2 }, 1)).toEqual({
    x: expect.closeTo(0.35),
    y: expect.closeTo(0.4),
    width: 0.2,
    height: 0.2,
  });
});
