import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distance, nearest } from "./nearest.ts";

describe("nearest", () => {
  it.each([
    ["prot", "port"],
    ["debouncems", "debounceMs"],
    ["prod", "production"],
    ["hots", "host"],
    ["zzz", undefined],
    ["x", undefined],
  ])("takes %s for %s", (word, meant) => {
    expect(nearest(word, ["host", "port", "debounceMs", "production"])).toBe(meant);
  });

  it("finds every candidate itself", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
        expect(words).toContain(nearest(words[0]!, words));
      }),
    );
  });
});

describe("distance", () => {
  it("is 0 only between equals, the same both ways, and at most the longer length", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const edits = distance(a, b);
        expect(edits).toBe(distance(b, a));
        expect(edits === 0).toBe(a === b);
        expect(edits).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  it("counts two swapped neighbours as one edit", () => {
    expect(distance("prot", "port")).toBe(1);
    expect(distance("kitten", "sitting")).toBe(3);
  });
});
