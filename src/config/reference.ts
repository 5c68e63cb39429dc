import type { z } from "zod";
import { allowedText } from "./allowed.ts";
import { type Entry, entries, type Outline, outlineOf, pathText, shapes } from "./outline.ts";
import { ALIASES, PROCESS_VARIABLES } from "./variables.ts";

/** The unit that the end of a key's name says. */
const UNITS: Readonly<Record<string, string>> = {
  Ms: "milliseconds",
  Seconds: "seconds",
  Days: "days",
  Px: "pixels",
  Bytes: "bytes",
  Mib: "MiB",
  Percent: "percent",
  PerMinute: "a minute",
  PerHour: "an hour",
};

/**
 * The page with its tables made anew, each between a pair of comments: `<!-- keys -->` to `<!-- /keys -->` and
 * `<!-- variables -->` to `<!-- /variables -->`.
 */
export function configPage(page: string, schema: z.ZodType): string {
  const tables = { keys: keyTables(schema), variables: variableTable() };
  return page.replace(
    /(<!-- (keys|variables) -->\n).*?(?=<!-- \/\2 -->)/gs,
    (_, start: string, name: keyof typeof tables) => `${start}${tables[name]}\n`,
  );
}

function keyTables(schema: z.ZodType): string {
  const all = [...entries(outlineOf(schema))];
  const rows = Map.groupBy(rowsOf(all), ({ path }) => (path.length > 1 ? path[0] : undefined));
  const parts = [["### The whole", table(rows.get(undefined) ?? [])]];
  for (const { path, outline } of all.filter(
    ({ path: [key, ...rest] }) => rest.length === 0 && rows.has(key),
  )) {
    parts.push([`### \`${pathText(path)}\``, outline.description ?? "", table(rows.get(path[0]) ?? [])]);
  }
  return parts.flat().filter(Boolean).join("\n\n");
}

function variableTable(): string {
  const aliases = Object.entries(ALIASES).map(([name, { path, about }]) => [
    name,
    `sets \`${pathText(path)}\`: ${about}`,
  ]);
  const rows = [...aliases, ...Object.entries(PROCESS_VARIABLES)].map(
    ([name, about]) => `| \`${name}\` | ${about} |`,
  );
  return ["| Variable | Meaning |", "|---|---|", ...rows].join("\n");
}

/** What a key means; of the tag of several shapes what each of them is. Empty where the schema does not say. */
export function meaningOf(outline: Outline): string {
  if (outline.description) return outline.description;
  const each = shapes(outline).flatMap(({ const: tag, description }) => {
    if (!description) return [];
    return tag === undefined || description.startsWith("`") ? description : `\`${tag}\`: ${description}`;
  });
  return [...new Set(each)].join(" ");
}

/** The keys that take a value: lists of sections only by what is in them. */
function rowsOf(all: readonly Entry[]): Entry[] {
  return all.filter(({ leaf, outline }) => leaf || Array.isArray(outline.default));
}

function table(keys: readonly Entry[]): string {
  const head = ["| Key | Meaning | Value | Default | Unit | A change needs |", "|---|---|---|---|---|---|"];
  return [...head, ...keys.map(row)].join("\n");
}

function row({ path, outline, reload, required }: Entry): string {
  const unit = Object.keys(UNITS).find((end) => String(path.at(-1)).endsWith(end));
  const cells = [
    `\`${pathText(path)}\``,
    meaningOf(outline),
    allowedText(outline),
    outline.default === undefined
      ? required
        ? "required"
        : "none"
      : `\`${JSON.stringify(outline.default)}\``,
    unit ? UNITS[unit] : "",
    reload === "live" ? "a reload" : "a restart",
  ];
  return `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}
