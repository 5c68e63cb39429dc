import { expect, it } from "vitest";
import { sourceFiles } from "../src/testing/sources.ts";

const DECLARED = /^export (?:async |abstract |declare )*(?:const|function\*?|class|interface|type) (\w+)/;

/** Names of what a file exports without a doc comment just above; a note to the linter may stand between. */
function undocumented(text: string): string[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("// biome-ignore"));
  return lines.flatMap((line, at) => {
    const [, name] = DECLARED.exec(line) ?? [];
    return name && !lines[at - 1]?.endsWith("*/") ? [name] : [];
  });
}

it("every exported thing has a doc comment", () => {
  const files = sourceFiles().filter(({ path }) => !path.endsWith(".test.ts"));
  const names = files.flatMap(({ path, text }) => undocumented(text).map((name) => `${path} ${name}`));
  expect(names).toEqual([]);
});

it("an export without a doc comment is told", () => {
  const text =
    "/** One. */\nexport const one = 1;\nexport async function* two() {}\n/** Three. */\n\nexport type Three = 3;";
  expect(undocumented(text)).toEqual(["two", "Three"]);
});
