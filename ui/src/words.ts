import { de } from "./words-de.ts";
import { en } from "./words-en.ts";

export type Key = keyof typeof en;

/** Every language of the page. English is the original; the others have the same keys. */
export const catalogue = { en, de } satisfies Record<string, Record<Key, string>>;

export type Locale = keyof typeof catalogue;

/** The nearest language there is; English where there is none. @param tag BCP 47, such as `de-AT` */
export function localeOf(tag: string): Locale {
  const language = tag.slice(0, 2).toLowerCase();
  return language in catalogue ? (language as Locale) : "en";
}

/** The language of this browser. */
export const locale: Locale = localeOf(navigator.language);

/** How this browser's region writes times and numbers in that language; BCP 47. */
export const region: string = navigator.language.toLowerCase().startsWith(locale)
  ? navigator.language
  : locale;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type Values<K extends Key> = Record<Placeholders<(typeof en)[K]>, string>;
type Arguments<K extends Key> = [Placeholders<(typeof en)[K]>] extends [never] ? [] : [values: Values<K>];

/** One text with its placeholders filled. What is filled in is never looked at for placeholders again. */
export function say<K extends Key>(key: K, ...[values]: Arguments<K>): string {
  return fill(catalogue[locale][key], values ?? {});
}

type Base<K extends Key = Key> = K extends `${infer B}.other` ? B : never;

/** One text in the form that its language has for this number; fills `{count}`. */
export function sayCounted(base: Base, count: number): string {
  const form = new Intl.PluralRules(locale).select(count) === "one" ? "one" : "other";
  return fill(catalogue[locale][`${base}.${form}`], { count: new Intl.NumberFormat(region).format(count) });
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
