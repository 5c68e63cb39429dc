import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import type { Setting } from "../config/load.ts";
import type { DoorbellConfig } from "../config/schema.ts";
import { DoorbellError } from "../lib/errors.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { allCommands } from "./commands.ts";
import { configCheck } from "./config-check.ts";
import type { Reload, ReloadAnswer } from "./config-reload.ts";
import { createContext } from "./context.ts";
import { runProgram } from "./program.ts";
import { memoryWorld } from "./world.fixture.ts";

const DOOR = "doors: [{id: front, name: Front, camera: {driver: demonstration}}]\n";

async function run(
  argv: string[],
  yaml: string,
  { env = {}, reload = async () => ({}) }: { env?: NodeJS.ProcessEnv; reload?: Reload } = {},
) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a.yaml"), yaml);
  const world = memoryWorld({ DOORBELL_CONFIG: folder, ...env });
  const exit = await runProgram(argv, world, allCommands({ reload }));
  return {
    exit,
    stdout: world.stdout.text.replaceAll(folder, ""),
    stderr: world.stderr.text.replaceAll(folder, ""),
  };
}

it("config check passes what is valid and names what is not", async () => {
  expect(await run(["config", "check"], DOOR)).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/^pass: /),
  });
  const wrong = `${DOOR}dataDri: x\n`;
  const { exit, stdout, stderr } = await run(["config", "check"], wrong);
  expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
  expect(stderr).toContain("/a.yaml:2:1: dataDri: unknown key");
  const inJson = await run(["config", "check", "--json"], wrong);
  expect(JSON.parse(inJson.stdout)).toMatchObject({
    code: "config_invalid",
    problems: [{ path: "dataDri", suggestion: "dataDir" }],
  });
});

it("config show prints YAML with origins for people, and JSON for programs", async () => {
  const shown = await run(["config", "show"], DOOR, { env: { DOORBELL_SITE__NAME: "Villa" } });
  expect(shown.stdout).toContain("name: Villa # DOORBELL_SITE__NAME");
  expect(parse(shown.stdout)).toMatchObject({ site: { name: "Villa" } });
  const { stdout } = await run(["config", "show", "--json"], DOOR);
  expect(JSON.parse(stdout)).toMatchObject({
    config: { site: { name: "Home" } },
    origins: { "site.name": "default" },
  });
});

it("config reload tells what each process made of it, and exits with the worst", async () => {
  const answers: Record<string, ReloadAnswer> = { web: { outcome: "reloaded", detail: "site.name" } };
  const reload = async () => answers;
  expect(await run(["config", "reload"], DOOR, { reload })).toMatchObject({
    exit: 0,
    stdout: "PROCESS  OUTCOME   DETAIL\nweb      reloaded  site.name\n",
  });
  answers.ops = { outcome: "no_answer", detail: "" };
  expect((await run(["config", "reload"], DOOR, { reload })).exit).toBe(4);
  answers["worker-1"] = { outcome: "refused", detail: "doors: is missing" };
  const inJson = await run(["config", "reload", "--json"], DOOR, { reload });
  expect(inJson.exit).toBe(3);
  expect(JSON.parse(inJson.stdout)).toEqual({ processes: answers });
});

it("config reload asks the system of the data folder, and none when the configuration is wrong", async () => {
  const asked: string[] = [];
  const reload = async (dataDir: string) => {
    asked.push(dataDir);
    return {};
  };
  expect((await run(["config", "reload"], "doors: 7", { reload })).exit).toBe(1);
  expect(asked).toEqual([]);
  await run(["config", "reload"], `${DOOR}dataDir: /var/lib/doorbell\n`, { reload });
  expect(asked).toEqual(["/var/lib/doorbell"]);
});

it("config reload passes on why nobody was asked", async () => {
  const reload = () => Promise.reject(new DoorbellError("nobody there", { code: "gone", hint: "Start it." }));
  expect(await run(["config", "reload"], DOOR, { reload })).toMatchObject({
    exit: 1,
    stderr: "doorbell: nobody there\n  hint: Start it.\n",
  });
});

it("config check --secrets tells which secret cannot be read, and why, without showing any", async () => {
  const world = memoryWorld({ GOOD: "hunter2" });
  const setting = (name: string, value: string, secret: boolean): Setting => {
    return { path: [name], name, value, secret, origin: "default", reload: "live" };
  };
  const settings = [
    setting("good", "env:GOOD", true),
    setting("bad", "env:BAD", true),
    setting("plain", "env:BAD", false),
  ];
  const context = {
    ...createContext({}, world),
    config: async () => ({ source: "/etc/doorbell", value: {} as DoorbellConfig, settings }),
  };
  expect(await configCheck.run({ secrets: true }, context)).toBe(1);
  expect(world.stdout.text).toBe(
    "unreadable bad: read secret env:BAD: there is nothing in it\n  hint: Put the secret where the reference points.\n" +
      "fail: /etc/doorbell, 1 of 2 secrets readable\n",
  );
  expect(await configCheck.run({}, context)).toBe(0);
});
