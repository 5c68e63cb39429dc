import fc from "fast-check";
import { expect, it } from "vitest";
import { idempotencyKey, requestHash } from "./idempotency.ts";
import { HttpError } from "./problem.ts";

const keyOf = (header?: string): string | undefined =>
  idempotencyKey(header === undefined ? {} : { "idempotency-key": header });

it("reads a key bare or as a structured string, and nothing where there is none", () => {
  expect(keyOf()).toBeUndefined();
  expect(keyOf('"8e03978e-40d5"')).toBe("8e03978e-40d5");
  expect(keyOf("8e03978e-40d5")).toBe("8e03978e-40d5");
  expect(keyOf('"a \\"b\\" \\\\c"')).toBe('a "b" \\c');
  expect(keyOf("x".repeat(255))).toHaveLength(255);
});

it("refuses what is empty, too long, unquoted by half, or holds what does not belong in a header", () => {
  for (const bad of [
    "",
    '""',
    '"',
    'a"b',
    "a b",
    "a,b",
    "x".repeat(256),
    `"${"x".repeat(256)}"`,
    "ä",
    '"ä"',
    '"a\\b"',
  ]) {
    expect(() => keyOf(bad), bad).toThrow(expect.objectContaining({ code: "idempotency_key_bad" }));
  }
});

it("reads back every printable key that was written as a structured string", () => {
  const printable = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
    minLength: 1,
    maxLength: 255,
  });
  fc.assert(
    fc.property(printable, (key) => {
      expect(keyOf(`"${key.replace(/["\\]/g, "\\$&")}"`)).toBe(key);
    }),
  );
});

it("either answers a key of 1 to 255 characters or refuses, whatever is sent", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (header) => {
      try {
        expect(keyOf(header)).toMatch(/^[\x20-\x7e]{1,255}$/);
      } catch (error) {
        expect(error).toBeInstanceOf(HttpError);
      }
    }),
  );
});

it("gives the same hash to the same request alone", () => {
  const request = {
    method: "POST",
    path: "/api/doors/front/press",
    contentType: "application/json",
    body: { scene: "empty" },
  };
  const others = [
    { ...request, path: "/api/doors/back/press" },
    { ...request, body: { scene: "known" } },
    { ...request, body: undefined },
    { ...request, contentType: "image/png", body: new Uint8Array([1]) },
    { ...request, contentType: "image/png", body: new Uint8Array([2]) },
  ];
  expect(requestHash({ ...request, body: { scene: "empty" } })).toBe(requestHash(request));
  expect(new Set([request, ...others].map(requestHash)).size).toBe(6);
  expect(requestHash(request)).toMatch(/^[0-9a-f]{64}$/);
});
