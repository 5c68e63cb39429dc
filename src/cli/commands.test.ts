import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allCommands } from "./commands.ts";

const PAGE = readFileSync(new URL("../../docs/commands.md", import.meta.url), "utf8");

it("are on the page docs/commands.md, each with its arguments, options and meaning", async () => {
  const { commands } = allCommands({ reload: async () => ({}) });
  const rows = Object.entries(commands)
    .filter(([, { hidden }]) => !hidden)
    .map(async ([name, { summary, load }]) => {
      const flags = Object.values((await load()).parameters).map((parameter) => parameter.flags);
      const call = [name, ...flags.filter((text) => !text.startsWith("-"))].join(" ");
      const options = flags
        .filter((text) => text.startsWith("-"))
        .map((text) => `\`${text.replace(/^-., /, "")}\``);
      return `| \`${call}\` | ${summary} | ${options.join(", ")} |\n`;
    });
  const table = `| command | what it does | options |\n|---|---|---|\n${(await Promise.all(rows)).join("")}`;
  const [, written] = /<!-- commands -->\n(.*)<!-- \/commands -->/s.exec(PAGE)!;
  expect(written).toBe(table);
});
