import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dotsOf, flagsOf } from "./scale.ts";
import { captureOf, faceOf } from "./visit.fixture.ts";

const placed = (distance: number | null) => {
  const face = faceOf({ distance });
  return { face, capture: captureOf(face), frame: 1, number: 1 };
};

describe("dotsOf", () => {
  it("hides no dot behind another, and draws every distance within the line", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { maxLength: 30 }), (distances) => {
        const dots = dotsOf(distances.map(placed));
        expect(dots).toHaveLength(distances.length);
        for (const [index, dot] of dots.entries()) {
          expect(dot.at).toBeGreaterThanOrEqual(0);
          expect(dot.at).toBeLessThanOrEqual(1);
          const neighbours = dots.slice(0, index).filter((other) => Math.abs(other.at - dot.at) < 0.05);
          expect(neighbours.map(({ row }) => row)).not.toContain(dot.row);
        }
      }),
    );
  });

  it("begins with the nearest and leaves out what was not compared", () => {
    const dots = dotsOf([placed(0.7), placed(null), placed(0.3)]);
    expect(dots.map(({ at }) => at)).toEqual([0.3, 0.7]);
  });
});

describe("flagsOf", () => {
  it("begins on the right, so that words never cross a line", () => {
    const thresholds = {
      minFaceWidthPx: 64,
      matchDistance: 0.5,
      watchlistDistance: 0.55,
      watchlistSingleDistance: 0.4,
    };
    expect(flagsOf(thresholds).map(({ name }) => name)).toEqual(["watchlist", "match", "watchlist_single"]);
  });
});
