import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { live, restart, secret } from "../lib/settings.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { ConfigError, problemText } from "./error.ts";
import { type Config, loadConfig } from "./load.ts";

const schema = z.strictObject({
  http: restart(
    z.strictObject({
      host: z.string().default("127.0.0.1"),
      port: z.int().min(1).max(65_535).default(5000),
      drainTimeoutMs: live(z.int().min(0).default(10_000)),
      allowed: z.array(z.string()).default([]),
    }),
  ).prefault({}),
  mail: z
    .strictObject({
      password: secret().optional(),
      ratio: z.union([z.number(), z.literal("auto")]).default("auto"),
    })
    .prefault({}),
  doors: z.array(z.strictObject({ id: z.string(), name: z.string() })).default([]),
  channels: z
    .record(
      z.string(),
      z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("log") }),
        z.strictObject({ kind: z.literal("webhook"), url: z.url() }),
      ]),
    )
    .default({}),
});

/** Files of a folder, or the text of the only one. */
function write(files: string | Record<string, string | Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(typeof files === "string" ? { "a.yaml": files } : files)) {
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function load(
  files: Parameters<typeof write>[0],
  env: NodeJS.ProcessEnv = {},
): Config<z.output<typeof schema>> {
  return loadConfig(schema, write(files), env);
}

/** Every problem in writing, without the folder. */
function problemsOf(files: Parameters<typeof write>[0], env: NodeJS.ProcessEnv = {}): string[] {
  const folder = write(files);
  try {
    loadConfig(schema, folder, env);
  } catch (error) {
    if (error instanceof ConfigError) {
      expect(error.message.split("\n").slice(1)).toEqual(error.problems.map(problemText));
      return error.problems.map((problem) =>
        problemText(problem).replaceAll(`${folder}/`, "").replaceAll(folder, "."),
      );
    }
    throw error;
  }
  return [];
}

describe("loadConfig", () => {
  it("fills what an empty file leaves out with defaults", () => {
    const { value, settings } = load("# nothing\n");
    expect(value.http.port).toBe(5000);
    expect(settings.every(({ origin }) => origin === "default")).toBe(true);
  });

  it("merges the files of a folder and knows where each key is written", () => {
    const { value, source, settings } = load({
      "a.yaml": "doors:\n  - id: front\n    name: Front\n",
      "b.yml": "mail:\n  password: env:A\n",
      "c.txt": "not: read",
      ".hidden.yaml": "not: read",
    });
    expect(value.doors).toEqual([{ id: "front", name: "Front" }]);
    expect(settings.find(({ name }) => name === "doors.front.name")).toEqual({
      path: ["doors", 0, "name"],
      name: "doors.front.name",
      value: "Front",
      origin: { file: join(source, "a.yaml"), line: 3, column: 5 },
      secret: false,
      reload: "restart",
    });
    const password = settings.find(({ name }) => name === "mail.password");
    expect(password).toMatchObject({ value: "env:A", secret: true, origin: { line: 2 } });
  });

  it("reads one file that is named", () => {
    const folder = write({ "a.yaml": "http: {port: 1}", "b.yaml": "http: {port: 2}" });
    expect(loadConfig(schema, join(folder, "b.yaml"), {}).value.http.port).toBe(2);
  });

  it("lets a key's own mark win over its section's", () => {
    const reloads = load("").settings.map(({ name, reload }) => [name, reload]);
    expect(Object.fromEntries(reloads)).toMatchObject({
      "http.port": "restart",
      "http.drainTimeoutMs": "live",
    });
  });

  it("gives a value that nobody can change", () => {
    const { value } = load("");
    expect(() => Object.assign(value.http, { port: 1 })).toThrow(TypeError);
  });

  it("follows aliases, also for the place of a key", () => {
    const { settings } = load(
      "doors:\n  - &a\n    id: x\n    name: X\nchannels: {}\nhttp: {allowed: [&h h, *h]}\n",
    );
    expect(settings.find(({ name }) => name === "http.allowed[1]")).toMatchObject({
      value: "h",
      origin: { line: 6 },
    });
  });
});

describe("problems", () => {
  it("come all at once, each with its place, what is allowed and what may be meant", () => {
    const text = [
      "htpp: {}",
      "http:",
      '  port: "80"',
      "  hots: x",
      "  drainTimeoutMs: -1",
      "doors:",
      "  - name: 7",
      "",
    ];
    expect(problemsOf(text.join("\n"))).toEqual([
      "a.yaml:1:1: htpp: unknown key; allowed: http, mail, doors, channels; did you mean http?",
      "a.yaml:3:9: http.port: is text; allowed: a whole number from 1 to 65535",
      "a.yaml:4:3: http.hots: unknown key; allowed: host, port, drainTimeoutMs, allowed; did you mean host?",
      "a.yaml:5:19: http.drainTimeoutMs: is too small; allowed: a whole number of at least 0",
      "a.yaml:7:5: doors[0].id: is missing; allowed: text",
      "a.yaml:7:11: doors[0].name: is a number; allowed: text",
    ]);
  });

  it("name both places of a key that stands in two files", () => {
    expect(problemsOf({ "a.yaml": "http: {}\n", "b.yaml": "\n  \nhttp: {}\n" })).toEqual([
      "b.yaml:3:1: http: stands in two files, also at a.yaml:1:1; allowed: each key in one file",
    ]);
  });

  it("say of a choice what it is between", () => {
    const text =
      "channels:\n  a: {kind: webhok}\n  b: {kind: webhook, url: nowhere, u: 1}\nmail: {ratio: half}\n";
    expect(problemsOf(text)).toEqual([
      "a.yaml:2:13: channels.a.kind: is text; allowed: one of log, webhook; did you mean webhook?",
      "a.yaml:3:27: channels.b.url: Invalid URL",
      "a.yaml:3:36: channels.b.u: unknown key; allowed: kind, url; did you mean url?",
      "a.yaml:4:15: mail.ratio: is text; allowed: a number, or auto",
    ]);
  });

  it.each([
    ["a: [", "a.yaml:1:5: flow sequence"],
    ["http:\n\tport: 1", "a.yaml:2:1: a tab; indent with spaces"],
    ["? [a]\n: 1", "a.yaml:1:3: a key must be text"],
    ["http: {}\nhttp: {}", "a.yaml:2:1: the same key again"],
    ["a: 1\n---\nb: 1", "a.yaml:2:1: a second document (---); a file holds one"],
    ["- a", "a.yaml:1:1: must be a section of keys"],
    ["a: *b", "a.yaml:1:4: an alias (*name) without its anchor"],
    ["a: !secret b", "a.yaml:1:4: a tag; put text that begins with ! in quotes"],
    ["a: &a [*a]", "a.yaml:1:1: is nested more than 32 levels deep"],
    [`a: ${"[".repeat(9999)}`, "a.yaml:1:"],
    [
      `a: &a [x]\nb: &b [${"*a,".repeat(20)}]\nc: [${"*b,".repeat(20)}]`,
      "a.yaml: repeats too much by aliases",
    ],
    ["\uFEFFhttp: {prot: 1}\r\n", "a.yaml:1:8: http.prot: unknown key"],
  ])("stand where the YAML is wrong: %.40j", (text, problem) => {
    expect(problemsOf(text)[0]).toContain(problem);
  });

  it("tell of what cannot be read at all", () => {
    expect(problemsOf({ "a.yaml": Uint8Array.of(0x61, 0xff) })).toEqual(["a.yaml: is not UTF-8 text"]);
    expect(problemsOf({ "a.yaml": "#".repeat(2 ** 20 + 1) })).toEqual(["a.yaml: is larger than 1 MiB"]);
    expect(problemsOf({ "a.txt": "" })).toEqual([".: holds no YAML file; allowed: *.yaml"]);
    const folder = temporaryFolder();
    mkdirSync(join(folder, "a.yaml"));
    expect(() => loadConfig(schema, folder, {})).toThrow("a.yaml: cannot be read (EISDIR)");
    expect(() => loadConfig(schema, join(folder, "none"), {})).toThrow("there is no such file or folder");
  });

  it("refuse the names of an object's own parts", () => {
    expect(
      problemsOf("__proto__: 1\nconstructor: 2\ntoString: 3\nhttp: {__proto__: {port: 1}}\n").map(
        (text) => text.split(";")[0],
      ),
    ).toEqual([
      "a.yaml:1:1: __proto__: unknown key",
      "a.yaml:2:1: constructor: unknown key",
      "a.yaml:3:1: toString: unknown key",
      "a.yaml:4:8: http.__proto__: unknown key",
    ]);
  });
});

describe("a secret in the wrong place", () => {
  const PLANTED = "hunter2hunter2";

  it.each([
    `mail: {password: ${PLANTED}}`,
    `mail: {password: !${PLANTED} x}`,
    `mail: {password: !${PLANTED}! x}`,
    `mail: {password: *${PLANTED}}`,
    `mail: {password: @${PLANTED}}`,
    `mail: {password: |${PLANTED}}`,
    `mail:\n  password: |${PLANTED}\n`,
    `mail: {password: "\\q${PLANTED}"}`,
    `mail: {password: "${PLANTED}`,
    `mail: {password: '${PLANTED}' ${PLANTED}}`,
    `%${PLANTED} 1\n---\n`,
    `mail: {pasword: ${PLANTED}, ratio: ${PLANTED}}`,
    `http: {port: ${PLANTED}, host: [${PLANTED}]}`,
    `mail: ${PLANTED}`,
    PLANTED,
  ])("is not repeated: %s", (text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).not.toContain(PLANTED);
  });

  it("is not repeated out of the environment", () => {
    const problems = problemsOf("", {
      DOORBELL_MAIL__PASSWORD: PLANTED,
      DOORBELL_MAIL__RATIO: PLANTED,
      DOORBELL_MAIL: `[${PLANTED}`,
    });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).not.toContain(PLANTED);
  });
});

describe("any text", () => {
  const words = fc.constantFrom(
    "http",
    "port",
    "mail",
    "password",
    "doors",
    "id",
    "a",
    "1",
    ":",
    ": ",
    "-",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "!t ",
    "'",
    '"',
    "|",
    ">",
    "#",
    "?",
    "<<",
    "%",
    "---\n",
    "\u0000",
    "\uFEFF",
    "😀",
  );
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.array(words, { maxLength: 60 }).map((parts) => parts.join("")),
  );
  const folder = write("");

  it("is a configuration or a ConfigError with a place for every problem", () => {
    fc.assert(
      fc.property(text, (yaml) => {
        writeFileSync(join(folder, "a.yaml"), yaml);
        try {
          expect(loadConfig(schema, folder, {}).value.http.port).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          for (const { place } of (error as ConfigError).problems) {
            expect(place).toMatchObject({ file: expect.stringContaining(folder) });
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("is found at the line where it is written", () => {
    const key = fc
      .stringMatching(/^[a-z]{3,9}$/)
      .filter((name) => !["http", "mail", "doors", "channels", "null", "true", "false"].includes(name));
    fc.assert(
      fc.property(fc.uniqueArray(key, { minLength: 1, maxLength: 8 }), fc.nat(5), (keys, gap) => {
        writeFileSync(
          join(folder, "a.yaml"),
          keys.map((name) => `${"\n".repeat(gap)}${stringify({ [name]: 1 })}`).join(""),
        );
        const error = (() => {
          try {
            return loadConfig(schema, folder, {});
          } catch (thrown) {
            return thrown;
          }
        })() as ConfigError;
        const found = error.problems.map(({ path, place }) => [path, "line" in place && place.line]);
        expect(found).toEqual(keys.map((name, index) => [name, (index + 1) * (gap + 1)]));
      }),
    );
  });
});
