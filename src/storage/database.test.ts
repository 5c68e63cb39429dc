import { expect, it } from "vitest";
import { DoorbellError } from "../lib/errors.ts";
import { StorageError, storageError } from "./database.ts";

it.each([
  [5, "storage_locked", true],
  [5 + (2 << 8), "storage_locked", true],
  [6, "storage_locked", true],
  [8, "storage_denied", false],
  [10 + (12 << 8), "storage_io", true],
  [11, "storage_corrupt", false],
  [13, "storage_full", true],
  [14, "storage_denied", false],
  [19 + (8 << 8), "storage_constraint", false],
  [26, "storage_corrupt", false],
  [1, "storage_failed", false],
])("names SQLite's result code %i", (errcode, code, retryable) => {
  const cause = Object.assign(new Error("as SQLite says"), { errcode });
  const error = storageError("accept visit", cause);
  expect(error).toBeInstanceOf(StorageError);
  expect(error).toMatchObject({ message: "accept visit: as SQLite says", code, retryable, cause });
  expect(error.hint).not.toBe("");
});

it("calls anything else a fault of the program", () => {
  expect(storageError("accept visit", new TypeError("x is not a function"))).toMatchObject({
    code: "storage_failed",
  });
  expect(storageError("accept visit", "gone")).toMatchObject({ message: "accept visit: gone" });
});

it("leaves an error of ours as it is", () => {
  const ours = new DoorbellError("refused", { code: "refused", hint: "Ask again." });
  expect(storageError("accept visit", ours)).toBe(ours);
});
