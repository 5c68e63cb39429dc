import fc from "fast-check";
import { expect, it } from "vitest";
import { derivedId, isUuid, uuidv7 } from "./ids.ts";

/** Every millisecond that fits the 48 bits of RFC 9562. */
const times = fc.integer({ min: 0, max: 2 ** 48 - 1 });

it("begins with the time of RFC 9562's own example", () => {
  expect(uuidv7(Date.UTC(2022, 1, 22, 19, 22, 22))).toMatch(/^017f22e2-79b0-7/);
});

it("sets the version and variant bits of RFC 9562 and keeps the time", () => {
  fc.assert(
    fc.property(times, (now) => {
      const id = uuidv7(now);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(now);
    }),
  );
});

it("sorts as text by the time it was made", () => {
  fc.assert(
    fc.property(times, times, (a, b) => {
      fc.pre(a < b);
      expect(uuidv7(a) < uuidv7(b)).toBe(true);
    }),
  );
});

it("makes a different id each time", () => {
  expect(new Set(Array.from({ length: 10_000 }, () => uuidv7(1))).size).toBe(10_000);
});

it("derives the same id of version 8 from the same parts, also in another release", () => {
  expect(derivedId("delivery", "visit-1", "mail")).toBe(derivedId("delivery", "visit-1", "mail"));
  expect(derivedId("a", "b")).toBe("0473ef2d-c0d3-84ab-a59d-3580c1134e9d");
});

it("derives different ids from parts that only read the same when joined", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
      const id = derivedId(...a);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(id === derivedId(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
  expect(derivedId("ab", "c")).not.toBe(derivedId("a", "bc"));
});

it.each([
  ["017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true],
  ["017F22E2-79B0-7CC3-98C4-DC0C0C07398F", false],
  ["017f22e279b07cc398c4dc0c0c07398f", false],
  ["017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n", false],
  ["../../../../../etc/passwd", false],
  ["", false],
])("says whether %j is a lower-case UUID", (text, is) => {
  expect(isUuid(text)).toBe(is);
});
