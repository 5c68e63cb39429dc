import fc from "fast-check";
import { expect, it } from "vitest";
import { DoorbellError } from "../lib/errors.ts";
import { HttpError, problemOf } from "./problem.ts";

const ID = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";

it("gives an unknown code 503 when it may succeed later and 500 when not", () => {
  const facts = { code: "engine_cold", hint: "wait" };
  expect(problemOf(new DoorbellError("load engine", { ...facts, retryable: true }), ID)).toMatchObject({
    problem: { status: 503, detail: "load engine", instance: `urn:uuid:${ID}` },
    retryAfterS: 2,
    isFault: false,
  });
  expect(problemOf(new DoorbellError("load engine", facts), ID)).toMatchObject({
    problem: {
      status: 500,
      code: "engine_cold",
      detail: "the request failed through a fault of the program",
    },
    isFault: true,
  });
});

it("gives what a route refuses with a code of its own 400, and tells why", () => {
  const error = new HttpError("open gate: it is night", { code: "night", hint: "come back tomorrow" });
  expect(problemOf(error, ID)).toMatchObject({
    problem: { status: 400, detail: "open gate: it is night" },
    isFault: false,
  });
});

it("keeps the wait and the fields that the thrower names", () => {
  const errors = [{ in: "headers", field: "x", detail: "y" }];
  const error = new HttpError("m", { code: "sign_in_throttled", hint: "h", retryAfterS: 17, errors });
  expect(problemOf(error, ID)).toMatchObject({ problem: { status: 429, errors }, retryAfterS: 17 });
  expect(error.retryable).toBe(true);
});

it("makes a problem of anything that is thrown and tells of nothing unforeseen", () => {
  fc.assert(
    fc.property(fc.anything(), fc.string({ minLength: 12 }), (thrown, secret) => {
      const { problem } = problemOf(thrown, ID);
      expect(problem.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(problemOf(new Error(secret), ID).problem)).not.toContain(JSON.stringify(secret));
    }),
  );
});
