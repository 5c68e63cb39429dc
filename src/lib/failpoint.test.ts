import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { callInChild } from "../testing/child.ts";
import { temporaryFolder } from "../testing/guard.ts";

const pass = (armed: string) =>
  callInChild({
    module: new URL("./failpoint.fixture.ts", import.meta.url),
    name: "passOften",
    args: ["capture.before-commit", 4],
    env: { DOORBELL_FAILPOINTS: armed, DOORBELL_INSTANCE: "worker-1" },
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

it.each(["capture.before-commit", "worker-1:capture.before-commit"])(
  "kills once by a file in a folder called %j",
  async (name) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), "");
    expect(await pass(folder)).toMatchObject({ signal: "SIGKILL", lines: [] });
    expect(readdirSync(folder)).toEqual([]);
    expect(await pass(folder)).toMatchObject({ code: 0 });
  },
);

it("leaves a file in the folder alone that is meant for another place or process", async () => {
  const folder = temporaryFolder();
  const names = ["outbox.after-send", "worker-2:capture.before-commit"];
  for (const name of names) writeFileSync(join(folder, name), "");
  expect(await pass(folder)).toMatchObject({ code: 0 });
  expect(readdirSync(folder)).toEqual(names);
});
