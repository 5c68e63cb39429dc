import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, sourceFiles } from "../src/testing/sources.ts";

const source = sourceFiles()
  .filter(({ product }) => product)
  .map(({ text }) => text)
  .join("\n");

/** Named `code` in the source, but not ours. */
const NOT_OURS: Record<string, string> = {
  custom: "zod's own, in `addIssue`",
  invalid_union: "zod's own",
};

const words = (text: string): string[] =>
  [...text.matchAll(/"([a-z][a-z0-9_]*)"(?! in\b)/g)].map(([, word]) => word!);

/**
 * Every code in a text: after `code:`, in `failure(…)` or `refusal(…)`, beside a status of HTTP, or a key of a table whose
 * `keyof typeof` is a code.
 */
function codesIn(text: string): Set<string> {
  const written = [...text.matchAll(/\bcode:\s+([^,;{}]*)/g)].flatMap(([, value]) => words(value!));
  const told = [
    ...text.matchAll(/\b(?:failure|refusal)\(\s*(?:[^\s",]*,\s*|`[^`]*`,\s*)?("[a-z][a-z0-9_]*")/g),
  ].flatMap(([, value]) => words(value!));
  const refused = [...text.matchAll(/^ *[45]\d\d: \[\s*("[a-z_]+")/gm)].flatMap(([, value]) => words(value!));
  const tables = [...text.matchAll(/(?:\bcode: |Code = )keyof typeof (\w+)/g)].flatMap(([, name]) => {
    const [, body = ""] = new RegExp(`const ${name} = \\{\\n([^]*?)\\n\\}`).exec(text) ?? [];
    return [...body.matchAll(/^ {2}([a-z][a-z0-9_]*):/gm)].map(([, key]) => key!);
  });
  return new Set([...written, ...told, ...refused, ...tables].filter((code) => !(code in NOT_OURS)));
}

const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const listed = rows.map(([code = ""]) => code.replace(/^`(\w+)`( ↻)?$/, "$1"));

it("finds codes however they are written", () => {
  const text = `
    throw new DoorError("x", { code: "one", hint: "Say it." });
    throw new DoorError("x", {
      code: full ? "two" : retry ? "three" : "four",
      hint: "y",
    });
    readonly code: string; readonly kind: "not_a_code";
    throw refusal("five", "why", "hint");
    throw failure(\`file:\${path}\`, "six", "why", "hint");
    throw failure(
      reference,
      "seven",
    );
    type DoorCode = keyof typeof STATUS;
    const STATUS = {
  eight: 413,
  nine: "ten",
} as const;
      413: ["eleven", "Send less."],
      code: "what" in ending ? ending.code : null,
    if (error.code === "twelve") return { code: "custom" };
  `;
  expect([...codesIn(text)].sort()).toEqual(
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "eleven"].sort(),
  );
});

it("docs/errors.md lists every code that the program can end with", () => {
  const missing = [...codesIn(source)].filter((code) => !listed.includes(code)).sort();
  expect(missing, "codes in src/ that the page lacks").toEqual([]);
});

it("docs/errors.md lists no code that the program does not know", () => {
  const unknown = listed.filter((code) => !new RegExp(`"${code}"|^ {2}${code}:`, "m").test(source));
  expect(unknown, "codes on the page that src/ lacks").toEqual([]);
});

it("docs/errors.md tells of each code once, its concept, its meaning and what to do", () => {
  expect(listed.filter((code, at) => listed.indexOf(code) !== at)).toEqual([]);
  expect(rows.filter((cells) => cells.length !== 4 || cells.includes(""))).toEqual([]);
});
