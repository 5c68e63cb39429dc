import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONFIDENCE_BUCKETS, confidenceBucket, methodLabel, statusClass } from "./label-values.ts";

describe("confidence bucket", () => {
  it("is high well within the threshold, medium within it, low just beyond, none farther", () => {
    expect(
      [0, 0.4, 0.41, 0.5, 0.51, 0.6, 0.61, 2].map((distance) => confidenceBucket(distance, 0.5)),
    ).toEqual(["high", "high", "medium", "medium", "low", "low", "none", "none"]);
  });

  it("is none without a distance, or with one that is no number", () => {
    expect(confidenceBucket(undefined, 0.5)).toBe("none");
    expect(confidenceBucket(Number.NaN, 0.5)).toBe("none");
  });

  it("never rises with the distance", () => {
    const distance = fc.double({ min: 0, max: 2, noNaN: true });
    fc.assert(
      fc.property(distance, distance, fc.double({ min: 0.1, max: 1, noNaN: true }), (a, b, threshold) => {
        const [near, far] = a < b ? [a, b] : [b, a];
        const rank = (d: number) => CONFIDENCE_BUCKETS.indexOf(confidenceBucket(d, threshold));
        expect(rank(near)).toBeLessThanOrEqual(rank(far));
      }),
    );
  });
});

describe("labels of a request", () => {
  it("name the class of the status", () => {
    expect([100, 204, 304, 404, 503].map(statusClass)).toEqual(["1xx", "2xx", "3xx", "4xx", "5xx"]);
  });

  it("count an impossible status as the server's fault", () => {
    expect([0, 99, 600, 999].map(statusClass)).toEqual(["5xx", "5xx", "5xx", "5xx"]);
  });

  it("keep methods that nobody lists together", () => {
    expect([methodLabel("PATCH"), methodLabel("PROPFIND"), methodLabel("get")]).toEqual([
      "PATCH",
      "other",
      "other",
    ]);
  });
});
