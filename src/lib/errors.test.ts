import { expect, it } from "vitest";
import { DoorbellError, isRetryable, messageOf } from "./errors.ts";

class DoorError extends DoorbellError {}

it("carries code, hint, cause and the name of its concept", () => {
  const cause = new Error("bell");
  const error = new DoorError("open door: stuck", {
    code: "door_stuck",
    hint: "Push.",
    retryable: true,
    cause,
  });
  expect(error).toMatchObject({
    name: "DoorError",
    message: "open door: stuck",
    code: "door_stuck",
    hint: "Push.",
    retryable: true,
    cause,
  });
});

it("has no cause and is not retried unless it says so", () => {
  const error = new DoorError("open door: stuck", { code: "door_stuck", hint: "Push." });
  expect("cause" in error).toBe(false);
  expect(isRetryable(error)).toBe(false);
});

it("retries only what an error of ours says may be retried", () => {
  expect(isRetryable(new DoorError("x", { code: "x", hint: "x", retryable: true }))).toBe(true);
  expect(isRetryable(Object.assign(new Error("x"), { retryable: true }))).toBe(false);
  expect(isRetryable(undefined)).toBe(false);
});

it("finds a message in anything thrown", () => {
  expect([messageOf(new Error("a")), messageOf("b"), messageOf(undefined)]).toEqual(["a", "b", "undefined"]);
});
