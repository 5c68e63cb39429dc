import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { AnyAct } from "../storage/database.ts";
import { acts } from "./acts.ts";

const root = join(import.meta.dirname, "..");

/** Every act that a module of the program exports. */
async function exportedActs(): Promise<AnyAct[]> {
  const files = globSync("**/*.ts", { cwd: root }).filter(
    (file) =>
      !/\.(test|fixture|fixtures|contract)\.ts$/.test(file) &&
      /export const \w+: Act</.test(readFileSync(join(root, file), "utf8")),
  );
  const modules = await Promise.all(files.map((file) => import(join(root, file)) as Promise<object>));
  return modules.flatMap((module) => Object.values(module)).filter(isAct);
}

function isAct(value: unknown): value is AnyAct {
  return typeof value === "object" && value !== null && "run" in value && "name" in value;
}

it("lists every act of the program: the writer thread knows no other", async () => {
  const exported = await exportedActs();
  expect(exported.length).toBeGreaterThan(20);
  expect(exported.filter((act) => !acts.includes(act)).map(({ name }) => name)).toEqual([]);
});

it("gives no name twice", () => {
  const names = acts.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
