import fc from "fast-check";
import { expect, it } from "vitest";
import { cannedFace, cannedVisit } from "../canned-system.fixture.ts";
import { distanceLine } from "./distance-line.ts";

const [capture] = cannedVisit().captures;
const visitWith = (...distances: (number | null)[]) =>
  cannedVisit({
    captures: distances.map((distance) => ({ ...capture!, faces: [cannedFace({ distance })] })),
  });

it("draws the thresholds on a line and a dot a face, nearest first", () => {
  expect(`\n${distanceLine(visitWith(0.71, 0.41)).join("\n")}\n`).toBe(`
0 ────────────────────┬──┬─┬───────────────────────── 1
                           └ 0.50 known
                         └ 0.45 watchlist, two frames
                      └ 0.40 watchlist, one frame
                       ● 0.41 Anna, frame 2
                                      ● 0.71 Anna, frame 1
`);
});

it("is not drawn where nothing was compared", () => {
  expect(distanceLine(visitWith(null))).toEqual([]);
  expect(distanceLine(visitWith())).toEqual([]);
});

it("keeps every dot on the line and in order, however far", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 1 }), (distances) => {
      const [line, ...marks] = distanceLine(visitWith(...distances));
      const columns = marks.filter((mark) => mark.includes("●")).map((mark) => mark.indexOf("●"));
      expect(columns).toHaveLength(distances.length);
      expect(columns).toEqual(columns.toSorted((a, b) => a - b));
      for (const column of columns) expect(line?.[column]).toMatch(/[─┬]/);
    }),
  );
});
