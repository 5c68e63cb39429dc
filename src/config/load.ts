import type { z } from "zod";
import type { Reload } from "../lib/settings.ts";
import { diagnose } from "./diagnose.ts";
import { ConfigError, type Place, type Problem, placeText } from "./error.ts";
import { at, entries, isMapping, type Outline, outlineOf, type Path, pathText, shapes } from "./outline.ts";
import { readSource } from "./source.ts";
import { idsIn, type Override, readVariables } from "./variables.ts";

/** Where the value of a key comes from. */
export type Origin = Place | "default";

/** One key that has a value, with all that is known of it. */
export interface Setting {
  readonly path: Path;
  /** The key in writing, list items by their id: `doors.front.debounceMs`. The same over reloads. */
  readonly name: string;
  /** For a secret its reference. */
  readonly value: unknown;
  readonly origin: Origin;
  readonly secret: boolean;
  readonly reload: Reload;
}

/** A valid configuration and how it came about. */
export interface Config<T> {
  /** The file or folder it was read from. */
  readonly source: string;
  /** Frozen through and through. */
  readonly value: T;
  /** Every key with a value, in the order of the schema. */
  readonly settings: readonly Setting[];
}

/**
 * Loads a configuration: the schema's defaults, over them the files, over them the environment.
 * @param source a YAML file, or a folder of them, as `configSource` finds it
 * @throws ConfigError with every problem and its place
 */
export function loadConfig<S extends z.ZodType>(
  schema: S,
  source: string,
  env: NodeJS.ProcessEnv,
): Config<z.output<S>> {
  const outline = outlineOf(schema);
  const { keys, place: placeInFile, problems: clashes } = readSource(source);
  const { overrides, problems: strangers } = readVariables(outline, keys, env);
  const input = overrides.reduce<unknown>((tree, { path, value }) => withValue(tree, path, value), keys);
  const place = (path: Path, part: "key" | "value"): Place =>
    variableOver(overrides, path) ?? placeInFile(path, part);
  const parsed = schema.safeParse(input);
  const faults = parsed.error?.issues.flatMap((issue) => diagnose(issue, { outline, input, place })) ?? [];
  const problems = [...clashes, ...strangers, ...faults];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(source, problems.sort(byPlace));
  const value = freeze(parsed.data);
  const origin = (path: Path): Origin => (at(input, path) === undefined ? "default" : place(path, "key"));
  return { source, value, settings: settingsOf(outline, value, origin) };
}

function byPlace(a: Problem, b: Problem): number {
  return placeText(a.place).localeCompare(placeText(b.place), "en", { numeric: true });
}

function settingsOf(outline: Outline, value: unknown, origin: (path: Path) => Origin): Setting[] {
  return [...entries(outline, value)].flatMap(({ path, outline: allowed, value: here, reload, leaf }) => {
    if (here === undefined || !leaf) return [];
    const secret = shapes(allowed).some((shape) => shape.secret === true);
    return { path, name: pathText(idsIn(path, value)), value: here, origin: origin(path), secret, reload };
  });
}

/** A copy of the tree with one value set; what lies beside the path is shared, not copied. */
function withValue(tree: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inside = withValue(at(tree, [key]), rest, value);
  if (Array.isArray(tree)) return tree.with(Number(key), inside);
  return { ...(isMapping(tree) ? tree : {}), [key]: inside };
}

function variableOver(overrides: readonly Override[], path: Path): Place | undefined {
  const over = overrides.findLast(({ path: set }) => set.every((key, depth) => key === path[depth]));
  return over && { variable: over.variable };
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inside of Object.values(value)) freeze(inside);
  }
  return value;
}
