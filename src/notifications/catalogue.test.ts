import { expect, it } from "vitest";
import { catalogue, type Key, type Locale, localeOf, say, sayAgo, sayCounted, sayWhen } from "./catalogue.ts";

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort();

it("has every text in every language, with the same placeholders", () => {
  for (const [locale, texts] of Object.entries(catalogue)) {
    expect(Object.keys(texts).sort(), locale).toEqual(Object.keys(catalogue.en).sort());
    for (const [key, text] of Object.entries(texts)) {
      expect(placeholders(text), `${locale} ${key}`).toEqual(placeholders(catalogue.en[key as Key]));
      expect(text, `${locale} ${key}`).not.toMatch(/\n|^\s|\s$/);
    }
  }
});

it("has every plural form that its language asks for", () => {
  for (const locale of Object.keys(catalogue) as Locale[]) {
    expect(new Set(new Intl.PluralRules(locale).resolvedOptions().pluralCategories)).toEqual(
      new Set(["one", "other"]),
    );
  }
  for (const key of Object.keys(catalogue.en).filter((each) => each.endsWith(".other"))) {
    expect(catalogue.en).toHaveProperty([key.replace(/other$/, "one")]);
  }
});

it("fills names as they are, also those that look like placeholders or patterns", () => {
  expect(say("en", "visit.known", { door: "{person}", person: "$& {door} 李" })).toBe(
    "{person}: $& {door} 李 is here",
  );
});

it("is told by the compiler when a placeholder is left out", () => {
  // @ts-expect-error person is missing
  expect(say("en", "visit.known", { door: "Front" })).toBe("Front: {person} is here");
});

it("counts", () => {
  const door = "Haustür";
  expect(sayCounted("de", "visit.unknown", 1, { door })).toBe("Haustür: Eine unbekannte Person ist da");
  expect(sayCounted("de", "visit.unknown", 2, { door })).toBe("Haustür: 2 unbekannte Personen sind da");
  expect(sayCounted("en", "visit.unknown", 3, { door })).toBe("Haustür: 3 unknown people are here");
});

it("tells the time in the zone and the language of the household", () => {
  const at = Date.parse("2026-07-01T22:05:00Z");
  expect(sayWhen("de", at, "Europe/Berlin")).toBe("Donnerstag, 2. Juli 2026 um 00:05");
  expect(sayWhen("en", at, "America/New_York")).toMatch(/^Wednesday, July 1, 2026 at 6:05\sPM$/);
});

it("tells how long ago in a fitting unit", () => {
  expect(sayAgo("en", 60_000)).toBe("1 minute ago");
  expect(sayAgo("en", 7_199_999)).toBe("1 hour ago");
  expect(sayAgo("de", 3 * 24 * 3_600_000)).toBe("vor 3 Tagen");
});

it("finds the nearest language", () => {
  expect([localeOf("de-AT"), localeOf("en"), localeOf("fr"), localeOf("")]).toEqual(["de", "en", "en", "en"]);
});
