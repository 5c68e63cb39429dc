import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { temporaryFolder } from "./testing/guard.ts";

const DOORBELL = fileURLToPath(new URL("../bin/doorbell", import.meta.url));

/** Runs the program as an operator does. */
async function doorbell(argv: string[], env: NodeJS.ProcessEnv = {}, readOutput = true) {
  const child = spawn(DOORBELL, argv, { env: { PATH: process.env.PATH, ...env } });
  let [stdout, stderr] = ["", ""];
  if (readOutput) child.stdout.on("data", (chunk: Buffer) => (stdout += chunk));
  else child.stdout.destroy();
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk));
  const exit = await new Promise((resolve) => child.on("close", resolve));
  return { exit, stdout, stderr };
}

it("reads the demonstration when nothing else is named, and says so in one JSON document", async () => {
  const { exit, stdout, stderr } = await doorbell(["config", "check", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: "pass",
    source: expect.stringMatching(/config\/demonstration$/),
  });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
});

it("exits with 2 for a command that is none, and names the nearest", async () => {
  expect(await doorbell(["confgi"])).toMatchObject({
    exit: 2,
    stdout: "",
    stderr: expect.stringContaining("Did you mean config?"),
  });
});

it("takes a closed pipe for a reader that has seen enough", async () => {
  expect(await doorbell(["config", "show"], {}, false)).toMatchObject({ exit: 0, stderr: "" });
});

it("never prints a secret", async () => {
  const planted = "hunter2-correct-horse";
  const folder = temporaryFolder();
  writeFileSync(join(folder, "secret"), planted, { mode: 0o644 });
  writeFileSync(
    join(folder, "a.yaml"),
    `keys: {master: env:DOORBELL_MASTER}
doors: [{id: a, name: A, camera: {driver: http, url: "http://camera", username: u, password: env:DOORBELL_MASTER}}]
`,
  );
  const env = { DOORBELL_CONFIG: folder, DOORBELL_MASTER: planted, DOORBELL_TOKEN: planted };
  const calls = await Promise.all([
    doorbell(["config", "show"], env),
    doorbell(["config", "show", "--json"], env),
    doorbell(["config", "check", "--secrets"], env),
    doorbell(["config", "check", "--secrets", "--json"], {
      ...env,
      DOORBELL_KEYS__MASTER: `file:${folder}/secret`,
    }),
    doorbell(["config", "check"], { ...env, DOORBELL_KEYS__MASTER: planted }),
    doorbell(["config", "reload", "--json"], env),
  ]);
  expect(calls.map(({ exit }) => exit)).toEqual([0, 0, 0, 1, 1, 1]);
  expect(JSON.stringify(calls)).not.toContain(planted);
  expect(calls[2]?.stdout).toContain("2 of 2 secrets readable");
  expect(calls[3]?.stdout).toContain("chmod 600");
  expect(calls[0]?.stdout).toContain("env:DOORBELL_MASTER");
});
