import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/guard.ts";
import { loadConfig } from "./load.ts";
import { entries, outlineOf, pathText } from "./outline.ts";
import { configPage, meaningOf } from "./reference.ts";
import { configSchema } from "./schema.ts";
import { configSource, PROFILES } from "./source.ts";

const DOOR = "{id: front, name: Front, camera: {driver: demonstration}}";

function load(yaml: string) {
  const file = join(temporaryFolder(), "a.yaml");
  writeFileSync(file, yaml);
  return loadConfig(configSchema, file, {});
}

describe("the shipped profiles", () => {
  it.each(PROFILES)("%s is valid and says which it is", (profile) => {
    const { value } = loadConfig(configSchema, configSource(undefined, { ENVIRONMENT: profile }), {});
    expect(value.profile).toBe(profile);
    expect(value.doors.map(({ id }) => id)).toEqual(["front"]);
  });
});

describe("configSource", () => {
  it("takes --config first, then DOORBELL_CONFIG, then the profile of ENVIRONMENT, then the demonstration", () => {
    const env = { DOORBELL_CONFIG: "/b", ENVIRONMENT: "production" };
    expect(configSource("/a", env)).toBe("/a");
    expect(configSource(undefined, env)).toBe("/b");
    expect(configSource(undefined, { ...env, DOORBELL_CONFIG: "" })).toMatch(/config\/production$/);
    expect(configSource(undefined, {})).toMatch(/config\/demonstration$/);
  });

  it("refuses a profile that does not ship, and names the nearest", () => {
    expect(() => configSource(undefined, { ENVIRONMENT: "prod" })).toThrow("ENVIRONMENT: names no profile");
    expect(() => configSource(undefined, { ENVIRONMENT: "prod" })).toThrow("did you mean production?");
  });
});

describe("configSchema", () => {
  it("refuses the same door id twice, even when another door is wrong too", () => {
    const yaml = `doors:\n  - ${DOOR}\n  - {id: Back, name: B}\n  - ${DOOR}\n`;
    expect(() => load(yaml)).toThrow("a.yaml:4:10: doors[2].id: must not be the id of doors[0] again");
    expect(() => load(yaml)).toThrow("doors[1].camera: is missing");
    expect(() => load(yaml)).toThrow("doors[1].id: must be small letters");
  });

  it.each(["Mars/Olympus", "+01:00", "", "UTC; drop"])("refuses the time zone %j", (zone) => {
    expect(() => load(`doors: [${DOOR}]\nsite: {timeZone: "${zone}"}`)).toThrow(
      "site.timeZone: must be an IANA time zone",
    );
  });

  it("asks for the time zone that was meant", () => {
    expect(() => load(`doors: [${DOOR}]\nsite: {timeZone: Europe/Berln}`)).toThrow(
      "did you mean Europe/Berlin?",
    );
  });

  it("says of every key whether a change needs a restart, and what it means", () => {
    const keys = [...entries(outlineOf(configSchema))].filter(({ leaf }) => leaf);
    expect(keys.filter(({ marked }) => !marked).map(({ path }) => pathText(path))).toEqual([]);
    const unsaid = keys.filter(({ outline }) => meaningOf(outline) === "");
    expect(unsaid.map(({ path }) => pathText(path))).toEqual([]);
  });
});

it("docs/configuration.md is what the schema says (else run scripts/configuration-page.ts)", () => {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  expect(configPage(page, configSchema)).toBe(page);
});

it.each([
  ["production", "0.0.0.0", false, false],
  ["production", "0.0.0.0", true, true],
  ["production", "127.0.0.1", false, true],
  ["development", "192.168.1.5", false, false],
  ["demonstration", "0.0.0.0", false, true],
] as const)("as %s on %s, insecure %s: taken %s", (profile, host, insecure, taken) => {
  const doors = [{ id: "front", name: "Front", camera: { driver: "demonstration" } }];
  const { success, error } = configSchema.safeParse({ profile, doors, http: { host, insecure } });
  expect(success).toBe(taken);
  if (!taken) expect(error!.issues[0]!.path).toEqual(["http", "host"]);
});
