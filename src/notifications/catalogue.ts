/** Every text that a message is made of. English is the original; the other languages must have the same keys. */
const en = {
  "visit.known": "{door}: {person} is here",
  "visit.watchlisted": "{door}: {person}, who is on the watchlist, is here",
  "visit.unknown.one": "{door}: an unknown person is here",
  "visit.unknown.other": "{door}: {count} unknown people are here",
  "visit.no_face": "{door}: somebody is here, no face was seen",
  "visit.no_frame": "{door}: somebody is here, the camera gave no picture",
  "person.nameless": "somebody you know",
  "visit.when": "Time: {when}",
  "sure.clear": "The face matches clearly.",
  "sure.likely": "The face matches well, but not beyond doubt.",
  "evidence.agreeing": "Several pictures agree.",
  "evidence.single": "Only one picture says so.",
  "photo.unreadable": "The picture could not be read.",
  "late.title": "Late: {title}",
  "late.text": "This message is late: it happened {ago}.",
  "self_test.title": "Test of the channel {channel}",
  "self_test.text":
    "This is the doorbell's daily test. Nobody rang. As long as it arrives each day, this channel works.",
  "link.open": "Show the visit",
  "link.acknowledge": "Acknowledge",
} as const;

const de: Record<Key, string> = {
  "visit.known": "{door}: {person} ist da",
  "visit.watchlisted": "{door}: {person} ist da und steht auf der Beobachtungsliste",
  "visit.unknown.one": "{door}: Eine unbekannte Person ist da",
  "visit.unknown.other": "{door}: {count} unbekannte Personen sind da",
  "visit.no_face": "{door}: Jemand ist da, kein Gesicht zu sehen",
  "visit.no_frame": "{door}: Jemand ist da, die Kamera lieferte kein Bild",
  "person.nameless": "Jemand Bekanntes",
  "visit.when": "Zeit: {when}",
  "sure.clear": "Das Gesicht stimmt deutlich überein.",
  "sure.likely": "Das Gesicht stimmt gut überein, aber nicht zweifelsfrei.",
  "evidence.agreeing": "Mehrere Bilder stimmen überein.",
  "evidence.single": "Nur ein einziges Bild spricht dafür.",
  "photo.unreadable": "Das Bild konnte nicht gelesen werden.",
  "late.title": "Verspätet: {title}",
  "late.text": "Diese Nachricht kommt verspätet: Es war {ago}.",
  "self_test.title": "Test des Kanals {channel}",
  "self_test.text":
    "Dies ist der tägliche Test der Türklingel. Niemand hat geklingelt. Solange er jeden Tag ankommt, arbeitet dieser Kanal.",
  "link.open": "Besuch ansehen",
  "link.acknowledge": "Bestätigen",
};

/** Name of a text. */
export type Key = keyof typeof en;
/** A language that messages can be written in. */
export type Locale = "en" | "de";

/** Every language and its texts. */
export const catalogue: Readonly<Record<Locale, Readonly<Record<Key, string>>>> = { en, de };

/** The nearest language there is for what a household configured; English where there is none. */
export function localeOf(tag: string): Locale {
  const language = tag.slice(0, 2).toLowerCase();
  return language in catalogue ? (language as Locale) : "en";
}

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type Values<K extends Key> = Record<Placeholders<(typeof en)[K]>, string>;
type Arguments<K extends Key> = [Placeholders<(typeof en)[K]>] extends [never] ? [] : [values: Values<K>];

/** One text with its placeholders filled. What is filled in is never looked at for placeholders again. */
export function say<K extends Key>(locale: Locale, key: K, ...[values]: Arguments<K>): string {
  return fill(catalogue[locale][key], values ?? {});
}

type Base<K extends Key = Key> = K extends `${infer B}.other` ? B : never;

/** One text in the form that its language has for this number (CLDR plural rules); fills `{count}`. */
export function sayCounted<B extends Base>(
  locale: Locale,
  base: B,
  count: number,
  values: Omit<Values<`${B}.other`>, "count">,
): string {
  const form = new Intl.PluralRules(locale).select(count) === "one" ? "one" : "other";
  const number = new Intl.NumberFormat(locale).format(count);
  return fill(catalogue[locale][`${base}.${form}`], { ...values, count: number });
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** A date and a time of day as the household writes them. @param at ms since the epoch @param zone IANA */
export function sayWhen(locale: Locale, at: number, zone: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short", timeZone: zone }).format(
    at,
  );
}

/** How long ago, in the largest unit that fits at least once: `3 hours ago`. @param ms a duration, not negative */
export function sayAgo(locale: Locale, ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  if (minutes < 60) return format.format(-minutes, "minute");
  if (minutes < 24 * 60) return format.format(-Math.floor(minutes / 60), "hour");
  return format.format(-Math.floor(minutes / (24 * 60)), "day");
}
