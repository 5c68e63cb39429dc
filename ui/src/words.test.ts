import { describe, expect, it } from "vitest";
import { catalogue, type Key, localeOf } from "./words.ts";

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();

describe("the words of the page", () => {
  it("have the same placeholders in every language", () => {
    for (const key of Object.keys(catalogue.en) as Key[])
      expect(placeholders(catalogue.de[key]), key).toEqual(placeholders(catalogue.en[key]));
  });

  it("come in every form that a number can ask for", () => {
    const bases = Object.keys(catalogue.en).filter((key) => key.endsWith(".other"));
    for (const base of bases) expect(catalogue.en).toHaveProperty([base.replace(/other$/, "one")]);
  });

  it("are those of the nearest language, English where there is none", () => {
    expect(localeOf("de-AT")).toBe("de");
    expect(localeOf("EN")).toBe("en");
    expect(localeOf("fr-FR")).toBe("en");
  });
});
