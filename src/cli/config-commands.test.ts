import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import type { Change } from "../config/changes.ts";
import type { Setting } from "../config/load.ts";
import type { DoorbellConfig } from "../config/schema.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { allCommands } from "./commands.ts";
import { configCheck } from "./config-check.ts";
import { createContext } from "./context.ts";
import { CliError } from "./exit.ts";
import { runProgram } from "./program.ts";
import { memoryWorld } from "./world.fixture.ts";

const DOOR = "doors: [{id: front, name: Front, camera: {driver: demonstration}}]\n";

async function run(argv: string[], yaml: string, { env = {}, reload = async () => [] as Change[] } = {}) {
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

it("config reload tells what is in effect and what waits for a restart", async () => {
  const changes: Change[] = [
    { path: "site.name", from: "A", to: "B", reload: "live" },
    { path: "doors.back.id", from: undefined, to: "back", reload: "restart" },
  ];
  const { exit, stdout } = await run(["config", "reload"], DOOR, { reload: async () => changes });
  expect(exit).toBe(0);
  expect(stdout).toBe(
    "KEY            FROM  TO    EFFECT\nsite.name      A     B     in effect\ndoors.back.id  -     back  after a restart\n",
  );
  const inJson = await run(["config", "reload", "--json"], DOOR, { reload: async () => changes });
  expect(JSON.parse(inJson.stdout)).toMatchObject({
    inEffect: 1,
    waitingForRestart: 1,
    changes: [{ path: "site.name" }, {}],
  });
  expect((await run(["config", "reload"], DOOR)).stdout).toBe("nothing has changed\n");
});

it("config reload does not bother the running system with a wrong configuration", async () => {
  let asked = 0;
  const reload = async () => {
    asked += 1;
    return [];
  };
  expect((await run(["config", "reload"], "doors: 7", { reload })).exit).toBe(1);
  expect(asked).toBe(0);
});

it("config reload passes on why it was refused", async () => {
  const reload = () =>
    Promise.reject(new CliError("busy deploying", { code: "busy", hint: "Wait.", exit: "refused" }));
  expect(await run(["config", "reload"], DOOR, { reload })).toMatchObject({
    exit: 3,
    stderr: "doorbell: busy deploying\n  hint: Wait.\n",
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
