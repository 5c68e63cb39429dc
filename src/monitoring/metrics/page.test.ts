import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CATALOGUE, type LabelValues, type MetricDefinition } from "./catalogue.ts";
import { UP_HELP } from "./gateway.ts";

const PAGE = new URL("../../../docs/metrics.md", import.meta.url);
const TABLE = /(?<=<!-- table -->\n)[\s\S]*(?=<!-- end of table -->)/;

function words(values: LabelValues): string {
  if ("open" in values) return values.open;
  const list = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
  if (!("by" in values)) return list(values);
  const roles = Map.groupBy(Object.entries(values.by), ([, names]) => list(names));
  return [...roles].map(([names, of]) => `in ${of.map(([role]) => role).join(", ")} ${names}`).join("; ");
}

function row(name: string, { type, unit, fedBy, help, labels, buckets }: MetricDefinition): string {
  const lines = Object.entries(labels).map(([label, values]) => `**${label}**: ${words(values)}`);
  if (buckets) lines.push(`buckets up to ${buckets.join(", ")}`);
  return `| \`${name}\` | ${type} | ${unit} | ${fedBy.join(", ")} | ${help} | ${lines.join("<br>")} |\n`;
}

function table(): string {
  const up: MetricDefinition = { type: "gauge", help: UP_HELP, unit: "1 or 0", labels: {}, fedBy: ["ops"] };
  return [
    "| name | type | unit | fed by | meaning | labels |\n| --- | --- | --- | --- | --- | --- |\n",
    ...Object.entries<MetricDefinition>({ ...CATALOGUE, up }).map(([name, metric]) => row(name, metric)),
  ].join("");
}

it("docs/metrics.md lists every metric as the catalogue has it", () => {
  const page = readFileSync(PAGE, "utf8");
  if (process.env.UPDATE_DOCS === "1") writeFileSync(PAGE, page.replace(TABLE, table()));
  expect(TABLE.exec(readFileSync(PAGE, "utf8"))?.[0]).toBe(table());
});
