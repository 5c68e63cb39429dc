import { readFileSync } from "node:fs";
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { FilePlace, Problem } from "./error.ts";
import { isMapping, type Path } from "./outline.ts";

/** One YAML file, read. */
export interface YamlFile {
  readonly file: string;
  readonly keys: Readonly<Record<string, unknown>>;
  /** Where a key (`"key"`) or its value stands; for a path that the file lacks, where the nearest section does. */
  place(path: Path, part: "key" | "value"): FilePlace;
  readonly problems: readonly Problem[];
}

const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 32;
/** How often aliases may repeat what an anchor names, in all: against files that swell to gigabytes. */
const MAX_ALIASES = 100;

/** Reads a file of the configuration. Never throws: a file that cannot be read has problems and no keys. */
export function readYamlFile(file: string): YamlFile {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_BYTES) return unreadable({ file }, "is larger than 1 MiB");
    return parseYaml(file, new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return unreadable(
      { file },
      code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "is not UTF-8 text" : `cannot be read (${code})`,
    );
  }
}

/** Reads the text of a file of the configuration. Never throws. */
export function parseYaml(file: string, text: string): YamlFile {
  try {
    return parse(file, text);
  } catch (error) {
    // The parser recurses: of too deep a nesting the stack tells (RangeError), of aliases it tells itself.
    const swollen = error instanceof ReferenceError;
    return unreadable({ file }, swollen ? "repeats too much by aliases (*name)" : "is nested too deeply");
  }
}

function parse(file: string, text: string): YamlFile {
  const lineCounter = new LineCounter();
  const options = { lineCounter, prettyErrors: false, stringKeys: true, resolveKnownTags: false };
  const document = parseDocument<ParsedNode>(text, options);
  const place = (offset: number): FilePlace => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line, column: col };
  };
  const problems = faultsOf(document).map(([offset, wrong]) => ({ place: place(offset), path: "", wrong }));
  if (problems.length > 0) return { file, keys: {}, place: () => ({ file }), problems };
  const keys: unknown = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  if (!isMapping(keys)) return unreadable(place(0), "must be a section of keys (key: value)");
  if (deeperThan(MAX_DEPTH, keys))
    return unreadable(place(0), `is nested more than ${MAX_DEPTH} levels deep`);
  return { file, keys, place: (path, part) => place(offsetOf(document, path, part) ?? 0), problems };
}

type Parsed = ReturnType<typeof parseDocument<ParsedNode>>;

function deeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inside) => deeperThan(levels - 1, inside));
}

/** Follows a path through the document as far as it goes. */
function offsetOf(document: Parsed, path: Path, part: "key" | "value"): number | undefined {
  let node: unknown = document.contents;
  let found: unknown = node;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const last = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (!pair) break;
      node = pair.value;
      found = (last && part === "value" && node) || pair.key;
    } else if (isSeq(node) && node.items[Number(step)] !== undefined) {
      node = node.items[Number(step)];
      found = node;
    } else break;
  }
  return isNode(found) ? found.range?.[0] : undefined;
}

function unreadable(place: FilePlace, wrong: string): YamlFile {
  return { file: place.file, keys: {}, place: () => place, problems: [{ place, path: "", wrong }] };
}

/** Where the text is not sound YAML, and why: one fault an offset. */
function faultsOf(document: Parsed): [offset: number, wrong: string][] {
  const faults = new Map<number, string>();
  const add = (offset: number, wrong: string) => faults.has(offset) || faults.set(offset, wrong);
  // A warning (an unknown tag, say) means that something would be read otherwise than it was written.
  for (const fault of [...document.errors, ...document.warnings]) add(fault.pos[0], faultText(fault));
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document)) add(alias.range?.[0] ?? 0, LOOSE_ALIAS);
    },
  });
  return [...faults].sort(([a], [b]) => a - b);
}

const LOOSE_ALIAS = "an alias (*name) without its anchor; put text that begins with * in quotes";

/** Our words where those of the parser quote the file: a secret may stand there. */
const FAULTS: { readonly [code in YAMLError["code"]]?: string } = {
  BAD_ALIAS: LOOSE_ALIAS,
  BAD_DIRECTIVE: "a directive; put text that begins with % in quotes",
  BAD_DQ_ESCAPE: "an unknown escape (\\) between double quotes; write it doubled or use single quotes",
  BAD_SCALAR_START: "text that begins with @ or ` must stand in quotes",
  BAD_COLLECTION_TYPE: "a tag that does not belong here",
  DUPLICATE_KEY: "the same key again",
  MULTIPLE_DOCS: "a second document (---); a file holds one",
  NON_STRING_KEY: "a key must be text",
  RESOURCE_EXHAUSTION: "is nested too deeply",
  TAB_AS_INDENT: "a tab; indent with spaces",
  TAG_RESOLVE_FAILED: "a tag; put text that begins with ! in quotes",
};

function faultText({ code, message }: YAMLError): string {
  const text = FAULTS[code] ?? message.replace(/: .*/s, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}
