import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");
const [light = "", dark = ""] = css.split("@media (prefers-color-scheme: dark)");

const colours = (block: string): Map<string, string> =>
  new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]));

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string): number {
  const [dim, bright] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (bright! + 0.05) / (dim! + 0.05);
}

/** Every text on every ground it stands on, with the contrast it needs: 4.5 for words, 3 for edges (WCAG 2.2). */
const PAIRS: readonly (readonly [text: string, grounds: readonly string[], least: number])[] = [
  ["ink", ["ground", "surface", "sunken"], 4.5],
  ["quiet", ["ground", "surface", "sunken"], 4.5],
  ["known", ["ground", "surface"], 4.5],
  ["unknown", ["ground", "surface"], 4.5],
  ["watchlisted", ["ground", "surface"], 4.5],
  ["none", ["ground", "surface", "sunken"], 4.5],
  ["surface", ["ink", "quiet"], 4.5],
  ["on-outcome", ["known", "unknown", "watchlisted"], 4.5],
  ["edge", ["ground", "surface"], 3],
];

describe.each([
  ["light", colours(light)],
  ["dark", new Map([...colours(light), ...colours(dark)])],
])("the %s tokens", (_, tokens) => {
  it.each(PAIRS)("let %s be read on %j (%d to 1)", (text, grounds, least) => {
    for (const ground of grounds)
      expect(contrast(tokens.get(text)!, tokens.get(ground)!), `${text} on ${ground}`).toBeGreaterThanOrEqual(
        least,
      );
  });
});
