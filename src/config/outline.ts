import { z } from "zod";
import type { Reload } from "../lib/settings.ts";

/** A path into the configuration: keys and list positions. */
export type Path = readonly (string | number)[];

/** A configuration schema as plain data: the part of JSON Schema that zod writes, and our two marks. */
export interface Outline {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Outline>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Outline;
  readonly items?: Outline;
  readonly anyOf?: readonly Outline[];
  readonly oneOf?: readonly Outline[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly format?: string;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly reload?: Reload;
  readonly secret?: boolean;
}

/** The outline of what an operator may write for a schema. */
export function outlineOf(schema: z.ZodType): Outline {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Outline;
}

/** True for a mapping of keys, not for a list. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The shapes a value may have here; of tagged ones (`kind: rtsp`) only that of the value's own tag. */
export function shapes(outline: Outline, value?: unknown): readonly Outline[] {
  const all = (outline.anyOf ?? outline.oneOf)?.flatMap((one) => shapes(one, value)) ?? [outline];
  if (!isMapping(value)) return all;
  const fitting = all.filter((shape) =>
    Object.entries(shape.properties ?? {}).every(
      ([key, { const: tag }]) => tag === undefined || tag === value[key],
    ),
  );
  return fitting.length > 0 ? fitting : all;
}

/** The outline of one key or list position; `undefined` where nothing may stand. */
export function childOf(outline: Outline, key: string | number, value?: unknown): Outline | undefined {
  const found = shapes(outline, value).flatMap((shape) => {
    if (typeof key === "number") return shape.items ?? [];
    if (shape.properties && Object.hasOwn(shape.properties, key)) return shape.properties[key]!;
    return typeof shape.additionalProperties === "object" ? shape.additionalProperties : [];
  });
  return found.length > 1 ? { anyOf: found } : found[0];
}

/** The outline at a path; empty where nothing may stand. */
export function outlineAt(outline: Outline, path: Path, value?: unknown): Outline {
  return path.reduce<Outline>(
    (inside, key, depth) =>
      childOf(inside, key, at(value, path.slice(0, depth))) ?? childOf(inside, key) ?? {},
    outline,
  );
}

/** The keys that an outline names. */
export function keysOf(outline: Outline, value?: unknown): readonly string[] {
  return [...new Set(shapes(outline, value).flatMap((shape) => Object.keys(shape.properties ?? {})))];
}

/** One key of the configuration, with what its schema says and what a given configuration holds. */
export interface Entry {
  readonly path: Path;
  readonly outline: Outline;
  /** What the configuration holds there; `undefined` for nothing. */
  readonly value: unknown;
  /** The nearest mark on the way; `restart`, the careful reading, where there is none. */
  readonly reload: Reload;
  /** False where the schema leaves the mark out everywhere on the way. */
  readonly marked: boolean;
  /** True when the section that holds the key must have it. */
  readonly required: boolean;
  /** True when nothing lies below. */
  readonly leaf: boolean;
}

/** Stands in a path for any list position, or any name, of which the value at hand has none. */
export const ANY_ITEM = "[]";
/** As `ANY_ITEM`, for the name of an entry. */
export const ANY_NAME = "<name>";

/** Every key that the schema names or the value holds, sections before what they hold. */
export function* entries(
  outline: Outline,
  value?: unknown,
  path: Path = [],
  above?: Reload,
): Generator<Entry> {
  for (const key of childKeys(outline, value)) {
    const child = outlineAt(outline, [key === ANY_ITEM ? 0 : key], value);
    const mark = child.reload ?? above;
    const entry = { path: [...path, key], outline: child, value: at(value, [key]) };
    const leaf = childKeys(child, entry.value).length === 0;
    const required = shapes(outline).some((shape) => shape.required?.includes(String(key)) ?? false);
    yield { ...entry, reload: mark ?? "restart", marked: mark !== undefined, required, leaf };
    yield* entries(child, entry.value, entry.path, mark);
  }
}

/** True when the schema names nothing below. */
export function isLeaf(outline: Outline): boolean {
  return childKeys(outline, undefined).length === 0;
}

/** Of tagged shapes the keys of all, so that a variable can change the tag. */
function childKeys(outline: Outline, value: unknown): Path {
  if (Array.isArray(value)) return value.map((_, index) => index);
  const held = isMapping(value) ? Object.keys(value) : [];
  const open = value === undefined ? shapes(outline).flatMap(openKey) : [];
  return [...new Set([...keysOf(outline), ...held, ...open])];
}

function openKey({ items, additionalProperties }: Outline): Path {
  if (items && !isLeaf(items)) return [ANY_ITEM];
  return isMapping(additionalProperties) ? [ANY_NAME] : [];
}

/** What lies at a path of a value; `undefined` for nothing. */
export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inside, key) => {
    if (Array.isArray(inside)) return inside[Number(key)];
    return isMapping(inside) && Object.hasOwn(inside, key) ? inside[key] : undefined;
  }, value);
}

/** A path in writing: `doors[0].camera.kind`. Whatever is no plain key is quoted, and cut at 40 letters. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    if (key === ANY_ITEM) return `${text}[]`;
    const plain = key === ANY_NAME || /^[\w-]{1,40}$/.test(key);
    return plain ? `${text}${text && "."}${key}` : `${text}[${JSON.stringify(key.slice(0, 40))}]`;
  }, "");
}
