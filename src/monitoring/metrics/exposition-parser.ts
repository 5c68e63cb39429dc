/** One line of an exposition. */
export interface Sample {
  /** The name and the labels in one order, whatever order the line had: equal for the same series only. */
  readonly series: string;
  readonly line: string;
}

/** The samples of one metric: a histogram's buckets, sum and count together. */
export interface Family {
  /** `untyped` without a TYPE line. */
  type: string;
  /** As it stands in the HELP line, escapes included. */
  help: string | undefined;
  readonly samples: Sample[];
}

const HEADER = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*)(?: (.*))?$/;
const NAME = /[a-zA-Z_:][\w:]*/y;
const OPEN = /[ \t]*\{[ \t]*/y;
const LABEL = /([a-zA-Z_]\w*)[ \t]*=[ \t]*("(?:[^"\\]|\\[\\"n])*")[ \t]*(?:,[ \t]*|(?=\}))/y;
const REST = /[ \t]*[+-]?(?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:[ \t]+-?\d+)?[ \t]*$/iy;
const TYPES = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);
const SUFFIX = /_(?:bucket|sum|count)$/;

/**
 * Reads Prometheus' text format 0.0.4, families in the order of their first line.
 * @param instance becomes the label `instance` of every sample without one
 * @throws SyntaxError naming the line that is wrong, or a text cut off in mid-line
 */
export function parseExposition(text: string, instance: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const own = instanceLabel(instance);
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new SyntaxError("the text ends in mid-line");
  for (const [index, line] of lines.entries()) {
    try {
      if (line.startsWith("#")) header(families, line);
      else if (line.trim() !== "") sample(families, line, own);
    } catch (error) {
      throw new SyntaxError(`line ${index + 1}: ${(error as Error).message}`);
    }
  }
  return families;
}

/** `instance="…"` as it stands in a sample, escaped. */
export function instanceLabel(instance: string): string {
  return `instance="${instance.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function header(families: Map<string, Family>, line: string): void {
  const [, keyword, name, rest = ""] = HEADER.exec(line) ?? [];
  if (keyword === undefined || name === undefined) return;
  const family = familyOf(families, name);
  if (keyword === "HELP") {
    family.help ??= rest;
    return;
  }
  if (!TYPES.has(rest)) throw new SyntaxError("unknown type");
  if (family.type !== "untyped" || family.samples.length > 0)
    throw new SyntaxError("type comes twice or too late");
  family.type = rest;
}

function sample(families: Map<string, Family>, line: string, own: string): void {
  const name = expect(NAME, line, 0, "no metric name")[0];
  const { names, labels, end } = labelsOf(line, name.length);
  expect(REST, line, end, "no number");
  let full = line;
  if (!names.includes("instance")) {
    labels.push(own);
    full = `${name}{${labels.join(",")}}${line.slice(end)}`;
  }
  familyOfSample(families, name).samples.push({ series: `${name}{${labels.sort().join(",")}}`, line: full });
}

interface Labels {
  readonly names: string[];
  /** Each as `name="value"`. */
  readonly labels: string[];
  /** Where the rest of the line begins. */
  end: number;
}

function labelsOf(line: string, start: number): Labels {
  const found: Labels = { names: [], labels: [], end: start };
  OPEN.lastIndex = start;
  if (!OPEN.test(line)) return found;
  for (found.end = OPEN.lastIndex; line[found.end] !== "}"; found.end = LABEL.lastIndex) {
    const [, name = "", value] = expect(LABEL, line, found.end, "broken label");
    if (found.names.includes(name)) throw new SyntaxError(`label ${name} comes twice`);
    found.names.push(name);
    found.labels.push(`${name}=${value}`);
  }
  found.end += 1;
  return found;
}

/** A histogram's or summary's `_bucket`, `_sum` and `_count` belong to it; any other name is its own family. */
function familyOfSample(families: Map<string, Family>, name: string): Family {
  const grouping = families.get(name.replace(SUFFIX, ""));
  return grouping && /^(?:histogram|summary)$/.test(grouping.type) ? grouping : familyOf(families, name);
}

function expect(pattern: RegExp, line: string, at: number, otherwise: string): RegExpExecArray {
  pattern.lastIndex = at;
  const match = pattern.exec(line);
  if (!match) throw new SyntaxError(otherwise);
  return match;
}

function familyOf(families: Map<string, Family>, name: string): Family {
  const family = families.get(name) ?? { type: "untyped", help: undefined, samples: [] };
  families.set(name, family);
  return family;
}
