import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { seal, unseal } from "./envelope.ts";

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
const plains = fc.uint8Array({ maxLength: 300 });
const damaged = expect.objectContaining({ code: "sealed_damaged", retryable: false });

/** What opening throws; undefined when it opens. */
function refusal(key: Uint8Array, sealed: Uint8Array, context: string): unknown {
  try {
    unseal(key, sealed, context);
    return undefined;
  } catch (error) {
    return error;
  }
}

it("opens to what was sealed", () => {
  fc.assert(
    fc.property(keys, plains, fc.string(), (key, plain, context) => {
      expect(new Uint8Array(unseal(key, seal(key, plain, context), context))).toEqual(plain);
    }),
  );
});

it("seals text as UTF-8", () => {
  const key = randomBytes(32);
  expect(unseal(key, seal(key, "Zoë 🚪", "name"), "name").toString("utf8")).toBe("Zoë 🚪");
});

it("seals the same twice differently", () => {
  const key = randomBytes(32);
  expect(seal(key, "same", "c").equals(seal(key, "same", "c"))).toBe(false);
});

it("does not open when any bit of any byte is changed", () => {
  fc.assert(
    fc.property(keys, plains, fc.nat(), fc.integer({ min: 1, max: 255 }), (key, plain, at, mask) => {
      const sealed = seal(key, plain, "c");
      sealed[at % sealed.length]! ^= mask;
      expect(refusal(key, sealed, "c")).toEqual(damaged);
    }),
    { numRuns: 500 },
  );
});

it("does not open when it is cut at any length, or longer", () => {
  const key = randomBytes(32);
  const sealed = seal(key, "a picture", "c");
  for (let length = 0; length < sealed.length; length++) {
    expect(refusal(key, sealed.subarray(0, length), "c"), `cut to ${length} bytes`).toEqual(damaged);
  }
  expect(refusal(key, Buffer.concat([sealed, Buffer.of(0)]), "c")).toEqual(damaged);
});

it("opens only under its own key and in its own context", () => {
  fc.assert(
    fc.property(keys, keys, fc.string(), fc.string(), (key, otherKey, context, otherContext) => {
      const sealed = seal(key, "secret", context);
      fc.pre(Buffer.compare(key, otherKey) !== 0 && context !== otherContext);
      expect(refusal(otherKey, sealed, context)).toEqual(damaged);
      expect(refusal(key, sealed, otherContext)).toEqual(damaged);
    }),
  );
});

it("does not open anything made without the key", () => {
  const key = randomBytes(32);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(refusal(key, Buffer.concat([Buffer.of(1), bytes]), "c")).toEqual(damaged);
    }),
  );
});
