import { expect, it } from "vitest";
import { callInChild } from "../testing/child.ts";

const pass = (armed: string) =>
  callInChild({
    module: new URL("./failpoint.fixture.ts", import.meta.url),
    name: "passOften",
    args: ["capture.before-commit", 4],
    env: { DOORBELL_FAILPOINTS: armed },
  });

it.each([
  ["capture.before-commit", []],
  ["capture.before-commit=3", ["1", "2"]],
  ["outbox.after-send, capture.before-commit=2", ["1"]],
])("kills without a last word at %j", async (armed, said) => {
  expect(await pass(armed)).toMatchObject({ signal: "SIGKILL", lines: said });
});

it.each(["", "outbox.after-send", "capture.before-commit=5"])("lets pass at %j", async (armed) => {
  expect(await pass(armed)).toMatchObject({ code: 0, signal: null, lines: ["1", "2", "3", "4", "{}"] });
});
