import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

const backoffs = fc
  .tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 0, max: 10_000_000 }))
  .map(([firstMs, more]) => ({ firstMs, maxMs: firstMs + more }));

it("doubles from the first wait up to the longest", () => {
  const waits = [1, 2, 3, 4, 5, 6].map((failures) =>
    backoffMs({ firstMs: 100, maxMs: 1_000 }, failures, () => 1 - Number.EPSILON),
  );
  expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

it("stays between half of the full wait and all of it, after any number of failures", () => {
  fc.assert(
    fc.property(
      backoffs,
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (backoff, failures, random) => {
        const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (failures - 1));
        const wait = backoffMs(backoff, failures, () => random);
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(Math.round(full / 2));
        expect(wait).toBeLessThanOrEqual(full);
      },
    ),
  );
});

it("spreads a herd", () => {
  const waits = new Set(Array.from({ length: 50 }, () => backoffMs({ firstMs: 10_000, maxMs: 60_000 }, 3)));
  expect(waits.size).toBeGreaterThan(10);
});
