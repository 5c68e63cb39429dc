import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../testing/guard.ts";
import { lockRunFolder, prepareRunFolder, runFolder } from "./run-folder.ts";

it("closes a run folder that was open to others", () => {
  const data = temporaryFolder();
  mkdirSync(runFolder(data).folder, { mode: 0o755 });
  expect(statSync(prepareRunFolder(data).folder).mode & 0o777).toBe(0o700);
});

it("has one name for a data folder, by whatever path one comes to it", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "data"));
  symlinkSync(join(folder, "data"), join(folder, "link"));
  expect(prepareRunFolder(join(folder, "link"))).toEqual(prepareRunFolder(join(folder, "data")));
});

it.each([
  ["it is a file", (data: string) => writeFileSync(join(data, "run"), ""), (data: string) => data],
  ["its path is too long for a socket", () => {}, (data: string) => join(data, "x".repeat(90))],
])("is refused when %s", (_why, spoil, choose) => {
  const data = temporaryFolder();
  spoil(data);
  expect(() => prepareRunFolder(choose(data))).toThrow(
    expect.objectContaining({ code: "run_folder_unusable" }),
  );
});

it("is refused when the lock file is something else", () => {
  const run = prepareRunFolder(temporaryFolder());
  writeFileSync(
    run.lock,
    "not a lock, but long enough to be looked at by whoever opens it as one".repeat(20),
  );
  expect(() => lockRunFolder(run)).toThrow(expect.objectContaining({ code: "run_folder_unusable" }));
});

it("is locked against another process, and free the moment that one is killed", async () => {
  const run = prepareRunFolder(temporaryFolder());
  const holder = spawn(
    process.execPath,
    [
      "--input-type=module-typescript",
      "-e",
      `import { lockRunFolder } from ${JSON.stringify(join(import.meta.dirname, "run-folder.ts"))};
       globalThis.lock = lockRunFolder(${JSON.stringify(run)});
       console.log("locked");
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(holder.stdout, "data");
  const running = expect.objectContaining({
    code: "supervisor_running",
    message: expect.stringContaining(`process ${holder.pid} supervises`),
  });
  expect(() => lockRunFolder(run)).toThrow(running);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  lockRunFolder(run).close();
});
