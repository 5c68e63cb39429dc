import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { secret } from "../lib/settings.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { type Config, loadConfig } from "./load.ts";
import { showJson, showYaml } from "./show.ts";

const schema = z.strictObject({
  text: z.string().default("a"),
  number: z.number().default(1),
  flag: z.boolean().nullable().default(null),
  list: z.array(z.union([z.string(), z.number()])).default([]),
  section: z.strictObject({ inner: z.string().optional(), password: secret().optional() }).prefault({}),
  free: z.record(z.string(), z.strictObject({ id: z.string() })).default({}),
  items: z
    .array(
      z.strictObject({
        id: z.string(),
        marks: z.array(z.strictObject({ kind: z.string() })).default([{ kind: "log" }]),
      }),
    )
    .default([]),
});

const folder = temporaryFolder();

function load(yaml: string, env: NodeJS.ProcessEnv = {}): Config<z.output<typeof schema>> {
  writeFileSync(join(folder, "a.yaml"), yaml);
  return loadConfig(schema, folder, env);
}

describe("showYaml", () => {
  it("tells every value and where it comes from", () => {
    const config = load("section:\n  password: env:MAIL\nitems: [{id: x}]\n", {
      DOORBELL_TEXT: "b",
      MAIL: "hunter2",
    });
    expect(showYaml(config).replaceAll(folder, "")).toBe(`# configuration in effect, from\x20

text: b # DOORBELL_TEXT
number: 1 # default
flag: null # default
list: []
section:
  password: env:MAIL # /a.yaml:2
free: {}
items:
  - id: x # /a.yaml:3
    marks:
      - kind: log # default
`);
  });

  it("writes a default that several items share out for each", () => {
    const shown = showYaml(load("items: [{id: a}, {id: b}]"));
    expect(shown.match(/kind: log # default/g)).toHaveLength(2);
  });

  it("loads to the value that was shown", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }).map((any) => any.toWellFormed()),
      fc.constantFrom(
        "",
        " ",
        "#",
        "a #b",
        "true",
        "null",
        "~",
        "1",
        "0x1",
        ".inf",
        "- a",
        "a: b",
        "\n",
        "\r\n",
        "a\n\nb\n",
        " a\n",
        "\u2028",
        "---",
        "&a",
        "%",
        "\uFEFF",
      ),
    );
    const item = fc.record({ id: text });
    const value = fc.record({
      text,
      number: fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      flag: fc.constantFrom(true, false, null),
      list: fc.array(fc.oneof(text, fc.integer())),
      section: fc.record({ inner: text, password: fc.constant("env:A") }, { requiredKeys: [] }),
      free: fc.dictionary(text, item),
      items: fc.array(item),
    });
    fc.assert(
      fc.property(value, (written) => {
        const first = load(stringify(written));
        expect(load(showYaml(first)).value).toEqual(first.value);
      }),
      { numRuns: 300 },
    );
  });
});

describe("showJson", () => {
  it("gives the values as they are nested, and the origin of each key by its name", () => {
    expect(showJson(load("items: [{id: x}]"))).toMatchObject({
      source: folder,
      config: { text: "a", items: [{ id: "x" }] },
      origins: { text: "default", "items.x.id": `${folder}/a.yaml:1` },
    });
  });
});

it("never holds a secret, only where it is kept", () => {
  const config = load("section: {password: env:DOORBELL_SMTP}", { DOORBELL_SMTP: "hunter2" });
  expect(showYaml(config) + JSON.stringify(showJson(config)) + JSON.stringify(config)).not.toContain(
    "hunter2",
  );
  expect(showYaml(config)).toContain("env:DOORBELL_SMTP");
});
