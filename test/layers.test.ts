import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { importsOf, ROOT, type SourceFile, sourceFiles } from "../src/testing/sources.ts";

/** From the ground up; folders of one line stand side by side. An import goes down, or stays in its folder. */
const LAYERS = [
  ["lib"],
  ["storage", "calendar"],
  ["audit", "queue"],
  ["notifications", "http"],
  ["doorbell", "monitoring", "production"],
  ["config"],
  ["app"],
  ["cli"],
  ["main"],
];

/** `src/lib/clock.ts` stands in `lib`, `src/main.ts` in `main`. */
const folderOf = (path: string): string => path.split("/")[1]!.replace(/\.ts$/, "");
const rankOf = (folder: string): number => LAYERS.findIndex((layer) => layer.includes(folder));

const files = sourceFiles();
const product = files.filter(({ product }) => product);

/** Imports that something is wrong with, a line each. */
function wrongImports(
  among: readonly SourceFile[],
  wrong: (target: string, from: string) => boolean,
): string[] {
  return among.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => wrong(target, file.path))
      .map(({ target }) => `${file.path} imports ${target}`),
  );
}

it("knows where every folder of src stands", () => {
  const folders = readdirSync(join(ROOT, "src")).map((name) => name.replace(/(\.test)?\.ts$/, ""));
  expect(folders.filter((folder) => folder !== "testing" && rankOf(folder) < 0)).toEqual([]);
});

it("reads every kind of import", () => {
  const text = `import a from "./a.ts";
import { b,
  type C } from "../b.ts";
import type { D } from "../../d.ts";
import { build } from "../../../scripts/build.ts";
export { e } from "./e.ts";
import "./bare.ts";
import { z } from "zod";
import words from "./words.json";
const f = await import("./f.ts");
const g: import("./g.ts").G = f; // import x from elsewhere
`;
  const found = importsOf({ path: "src/lib/deep/x.ts", text });
  expect(found.map(({ target, typeOnly }) => (typeOnly ? `type ${target}` : target))).toEqual([
    "src/lib/deep/a.ts",
    "src/lib/b.ts",
    "type src/d.ts",
    "src/lib/deep/e.ts",
    "src/lib/deep/bare.ts",
    "src/lib/deep/f.ts",
    "src/lib/deep/g.ts",
  ]);
});

it("imports downwards only, and never from wing to wing", () => {
  const wrong = (target: string, path: string): boolean => {
    const [to, from] = [folderOf(target), folderOf(path)];
    return to !== from && !(rankOf(to) >= 0 && rankOf(to) < rankOf(from));
  };
  expect(wrongImports(product, wrong)).toEqual([]);
});

it("keeps what is for tests out of the product", () => {
  const forTests = new Set(files.filter(({ product }) => !product).map(({ path }) => path));
  expect(wrongImports(product, (target) => forTests.has(target))).toEqual([]);
});

it("has no circle of imports, but for types, which are gone at run time", () => {
  const graph = new Map(
    files.map((file) => [
      file.path,
      importsOf(file).flatMap(({ target, typeOnly }) => (typeOnly ? [] : target)),
    ]),
  );
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    else if (!done.has(path)) for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  expect(circles).toEqual([]);
});

it("has no file of more than 400 lines, and no test of more than 500", () => {
  const long = files.filter(({ text, product }) => text.trimEnd().split("\n").length > (product ? 400 : 500));
  expect(long.map(({ path }) => path)).toEqual([]);
});

it("has no barrel, and no folder without a meaning", () => {
  const empty = /\/(utils|helpers|common|services)\/|\/index\.ts$/;
  expect(files.map(({ path }) => path).filter((path) => empty.test(path))).toEqual([]);
});
