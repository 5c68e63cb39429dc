import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Command, defineCommand, parameter } from "./command.ts";
import { allCommands } from "./commands.ts";
import { EXIT, usageError } from "./exit.ts";
import { type Registry, runProgram } from "./program.ts";
import { memoryWorld } from "./world.fixture.ts";

async function run(argv: string[], registry: Registry, env: NodeJS.ProcessEnv = {}) {
  const world = memoryWorld(env);
  const exit = await runProgram(argv, world, registry);
  return { exit, stdout: world.stdout.text, stderr: world.stderr.text };
}

describe("every command", () => {
  const registry = allCommands({ reload: async () => ({}) });

  it.each(Object.entries(registry.commands))(
    "%s has a summary, an example that is a call of it, and --json",
    async (name, { summary, load }) => {
      const { exit, stdout } = await run([...name.split(" "), "--help"], registry);
      expect(exit).toBe(EXIT.done);
      expect(stdout).toContain(`Usage: doorbell ${name}`);
      expect(stdout.replaceAll(/\s+/g, " ")).toContain(summary);
      expect(stdout).toContain("--json");
      const { examples } = await load();
      for (const example of examples) {
        expect(
          example
            .split(" ")
            .slice(0, name.split(" ").length + 1)
            .join(" "),
        ).toBe(`doorbell ${name}`);
        expect(stdout).toContain(example);
      }
    },
  );

  it("has a group with a meaning when it has two words", () => {
    const groups = Object.keys(registry.commands)
      .filter((name) => name.includes(" "))
      .map((name) => name.split(" ")[0]!);
    expect(Object.keys(registry.groups).sort()).toEqual([...new Set(groups)].sort());
  });
});

describe("runProgram", () => {
  const calls: unknown[] = [];
  const loaded: string[] = [];
  const press = defineCommand({
    examples: ["doorbell press front --image face.jpg"],
    parameters: {
      door: parameter("[door]", "the door", z.string().optional()),
      image: parameter("--image <file>", "a photo", z.string().optional()),
      times: parameter("-n, --times <count>", "how often", z.coerce.number().int().min(1).default(1)),
      loud: parameter("--ring-loud", "louder", z.boolean().default(false)),
    },
    async run(input, { output }) {
      calls.push(input);
      output.result({ pressed: input.door }, () => `pressed ${input.door}\n`);
      return input.times === 13 ? EXIT.refused : EXIT.done;
    },
  });
  const command = (name: string, value: Command) => ({
    summary: name,
    load: async () => {
      loaded.push(name);
      return value;
    },
  });
  const registry: Registry = {
    groups: { visit: "look at visits" },
    commands: {
      press: command("press", press),
      "visit list": command(
        "visit list",
        defineCommand({ examples: ["doorbell visit list"], run: async () => {} }),
      ),
      web: { ...command("web", press), hidden: true },
      fail: command(
        "fail",
        defineCommand({ examples: ["doorbell fail"], run: () => Promise.reject(usageError("x")) }),
      ),
    },
  };

  it("gives a command its arguments and options, read and with defaults, wherever they stand", async () => {
    await run(["--json", "press", "front", "--image", "a.jpg"], registry);
    await run(["press", "--ring-loud", "-n", "2", "back"], registry);
    expect(calls.splice(0)).toEqual([
      { door: "front", image: "a.jpg", times: 1, loud: false },
      { door: "back", image: undefined, times: 2, loud: true },
    ]);
  });

  it("reads no other command's file", async () => {
    loaded.length = 0;
    await run(["press"], registry);
    await run(["--help"], registry);
    await run(["visit", "--help"], registry);
    expect(loaded).toEqual(["press"]);
  });

  it("returns the exit code of the command", async () => {
    expect(await run(["press", "x"], registry)).toEqual({ exit: 0, stdout: "pressed x\n", stderr: "" });
    expect((await run(["press", "--times", "13"], registry)).exit).toBe(3);
    expect((await run(["visit", "list"], registry)).exit).toBe(0);
  });

  it.each([
    [["pres"], "unknown command 'pres'", "Did you mean press?"],
    [["visit", "lst"], "unknown command 'lst'", "Did you mean list?"],
    [["press", "--imag", "x"], "unknown option '--imag'", "Did you mean --image?"],
    [["press", "a", "b"], "too many arguments", "--help"],
    [["press", "--times", "none"], "read -n, --times <count>: ", "--help"],
    [["press", "--image"], "option '--image <file>' argument missing", "--help"],
    [["visit"], "name a command", "--help"],
    [[], "name a command", "--help"],
    [["fail"], "x", "--help"],
  ])("ends %j with 2, a message and a hint", async (argv, message, hint) => {
    const { exit, stderr, stdout } = await run(argv, registry);
    expect({ exit, stdout }).toEqual({ exit: EXIT.usage, stdout: "" });
    expect(stderr).toContain(`doorbell: ${message}`);
    expect(stderr).toMatch(new RegExp(`hint: .*${hint.replace("?", "\\?")}`));
    const inJson = await run([...argv, "--json"], registry);
    expect(inJson.exit).toBe(EXIT.usage);
  });

  it("tells a program of an error in one document on stdout", async () => {
    const { stdout, stderr } = await run(["fail", "--json"], registry);
    expect(JSON.parse(stdout)).toMatchObject({ code: "usage", title: "x", exit: 2 });
    expect(stderr).toBe("");
  });

  it("shows help for `help press` as for `press --help`, with defaults and examples", async () => {
    const { exit, stdout } = await run(["help", "press"], registry);
    expect(exit).toBe(0);
    expect(stdout).toContain("how often (default: 1)");
    expect(stdout).toContain("Examples:\n  doorbell press front --image face.jpg");
    expect((await run(["press", "--help"], registry)).stdout).toBe(stdout);
  });

  it("runs a hidden command and does not speak of it", async () => {
    expect((await run(["web", "x"], registry)).stdout).toBe("pressed x\n");
    expect((await run(["--help"], registry)).stdout).not.toContain("web");
  });

  it("prints its version", async () => {
    expect((await run(["--version"], registry)).stdout).toMatch(/^\d+\.\d+\.\d+ \(Node 24/);
  });
});
