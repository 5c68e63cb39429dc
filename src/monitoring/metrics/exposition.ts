import { type Family, parseExposition } from "./exposition-parser.ts";

/** What one process exposes, in Prometheus' text format 0.0.4. */
export interface Part {
  /** Becomes the label `instance` of the samples that have none. */
  readonly instance: string;
  readonly text: string;
}

/** What was not taken over, and why: a whole part, or one family of it. */
export interface LeftOut {
  readonly instance: string;
  readonly family?: string;
  readonly reason: string;
}

/**
 * Joins expositions into one valid exposition: each family once, its samples together, `instance` added where
 * it is absent. A malformed part is left out whole. Where two parts differ on the type of a family (a release
 * changed it), or a part would give a series again, that part loses that family.
 */
export function mergeExpositions(parts: readonly Part[]): { text: string; leftOut: LeftOut[] } {
  const merged = new Map<string, Family>();
  const seen = new Set<string>();
  const leftOut: LeftOut[] = [];
  for (const { instance, text } of parts) {
    try {
      for (const [name, family] of parseExposition(text, instance)) {
        const reason = add(merged, seen, name, family);
        if (reason) leftOut.push({ instance, family: name, reason });
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      leftOut.push({ instance, reason: error.message });
    }
  }
  return { text: [...merged].map(([name, family]) => print(name, family)).join(""), leftOut };
}

/** Adds a part's family to the whole; or says why it cannot. */
function add(
  merged: Map<string, Family>,
  seen: Set<string>,
  name: string,
  family: Family,
): string | undefined {
  const known = merged.get(name);
  if (known && known.type !== family.type) return `${family.type} here, ${known.type} elsewhere`;
  const { samples } = family;
  for (const [index, { series }] of samples.entries()) {
    if (seen.has(series)) {
      for (const sample of samples.slice(0, index)) seen.delete(sample.series);
      return `gives ${series} again`;
    }
    seen.add(series);
  }
  if (known) for (const sample of samples) known.samples.push(sample);
  else merged.set(name, family);
  return undefined;
}

function print(name: string, { help, type, samples }: Family): string {
  const head = help === undefined ? "" : `# HELP ${name} ${help}\n`;
  return `${head}# TYPE ${name} ${type}\n${samples.map(({ line }) => `${line}\n`).join("")}`;
}
