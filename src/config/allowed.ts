import { SECRET_HINT } from "../lib/settings.ts";
import { isLeaf, keysOf, type Outline, shapes } from "./outline.ts";

/** What may stand here, in words: `a whole number from 1 to 65535`, `one of en, de`. */
export function allowedText(outline: Outline): string {
  if (outline.secret) return SECRET_HINT;
  const words = choices(outline);
  if (words.length > 0) return words.length > 1 ? `one of ${words.join(", ")}` : String(words[0]);
  const several = outline.anyOf ?? outline.oneOf;
  if (several) return [...new Set(several.map(allowedText))].join(", or ");
  const types = [outline.type ?? []].flat();
  return types.map((type) => TYPES[type]?.(outline) ?? type).join(" or ") || "anything";
}

/** The values to choose from, where nothing else is allowed; else none. */
export function choices(outline: Outline): readonly unknown[] {
  const each = shapes(outline).map((shape) => shape.enum ?? ("const" in shape ? [shape.const] : []));
  return each.every((values) => values.length > 0) ? [...new Set(each.flat())] : [];
}

const FORMATS: Readonly<Record<string, string>> = { uri: "a URL", email: "an e-mail address" };

const TYPES: Readonly<Record<string, (outline: Outline) => string>> = {
  boolean: () => "true or false",
  null: () => "null",
  number: (outline) => `a number${range(outline)}`,
  integer: (outline) => `a whole number${range(outline)}`,
  string: ({ minLength = 0, maxLength, format = "" }) => {
    if (maxLength !== undefined)
      return `text of ${minLength > 0 ? `${minLength} to` : "at most"} ${maxLength} letters`;
    return FORMATS[format] ?? (minLength > 0 ? "text, not empty" : "text");
  },
  array: ({ items = {}, minItems, maxItems }) => {
    const list = `a list${range({ minimum: minItems, maximum: maxItems })}`;
    return isLeaf(items) ? `${list}, each ${allowedText(items)}` : list;
  },
  object: (outline) => {
    const keys = keysOf(outline);
    return keys.length > 0 ? `a section with ${listText(keys)}` : "a section";
  },
};

type Range = Pick<Outline, "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum">;

function range({ minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below }: Range): string {
  // zod writes the limits of exact integers where the schema sets none.
  const from = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER;
  const to = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (from && to) return ` from ${minimum} to ${maximum}`;
  const least = above === undefined ? from && `at least ${minimum}` : `above ${above}`;
  const most = below === undefined ? to && `at most ${maximum}` : `below ${below}`;
  const text = [least, most].filter(Boolean).join(" and ");
  return text.replace(/^at/, "of at").replace(/^(?=.)/, " ");
}

/** The first dozen of some names. */
export function listText(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(", ")}, …` : names.join(", ");
}
