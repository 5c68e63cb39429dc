import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { live, restart, secret } from "../lib/settings.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { type Change, changesBetween } from "./changes.ts";
import { loadConfig } from "./load.ts";

const schema = z.strictObject({
  port: restart(z.int().default(5000)),
  level: live(z.string().default("info")),
  unmarked: z.string().default("x"),
  password: live(secret().optional()),
  doors: live(
    z.array(z.strictObject({ id: restart(z.string()), debounceMs: z.int().default(5000) })).default([]),
  ),
});

function changes(before: string, after: string): Change[] {
  const [a, b] = [before, after].map((text) => {
    const file = join(temporaryFolder(), "a.yaml");
    writeFileSync(file, text);
    return loadConfig(schema, file, {});
  });
  return changesBetween(a!, b!);
}

it("finds nothing where only the writing differs", () => {
  expect(changes("port: 5000\nlevel: info", "{level: 'info'}")).toEqual([]);
});

it("says of each key whether a reload is enough, and takes an unmarked key for one that needs a restart", () => {
  expect(changes("", "{port: 1, level: debug, unmarked: y}")).toEqual([
    { path: "port", from: 5000, to: 1, reload: "restart" },
    { path: "level", from: "info", to: "debug", reload: "live" },
    { path: "unmarked", from: "x", to: "y", reload: "restart" },
  ]);
});

it("tells of a secret that its place has changed", () => {
  expect(changes("password: env:A", "password: file:/b")).toEqual([
    { path: "password", from: "env:A", to: "file:/b", reload: "live" },
  ]);
});

it("follows the items of a list by their id, wherever they stand", () => {
  expect(changes("doors: [{id: a}, {id: b}]", "doors: [{id: c}, {id: b, debounceMs: 1}]")).toEqual([
    { path: "doors.c.id", from: undefined, to: "c", reload: "restart" },
    { path: "doors.c.debounceMs", from: undefined, to: 5000, reload: "live" },
    { path: "doors.b.debounceMs", from: 5000, to: 1, reload: "live" },
    { path: "doors.a.id", from: "a", to: undefined, reload: "restart" },
    { path: "doors.a.debounceMs", from: 5000, to: undefined, reload: "live" },
  ]);
});
