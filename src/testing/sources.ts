import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One TypeScript file of `src/`. */
export interface SourceFile {
  /** From the root of the repository, such as `src/lib/clock.ts`. */
  readonly path: string;
  readonly text: string;
  /** Part of the product; false for tests and what only they use. */
  readonly product: boolean;
}

const FOR_TESTS =
  /^src\/testing\/|\/fixtures\/|\.(test|fixtures?|contract|model)\.ts$|\/(test-[^/]*|fixtures)\.ts$/;

/** Every TypeScript file under `src/`. */
export function sourceFiles(): SourceFile[] {
  return globSync("src/**/*.ts", { cwd: ROOT })
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8"), product: !FOR_TESTS.test(path) }));
}

const IMPORT =
  /^\s*(?:import|export)\b(\s+type\b)?(?:[^;"']*?\bfrom)?\s*["'](\.[^"']+\.ts)["']|\bimport\(\s*["'](\.[^"']+\.ts)["']\s*\)/gm;

/** One import of a file of ours. */
export interface Import {
  /** What is imported, from the root of the repository. */
  readonly target: string;
  /** True for `import type`, of which nothing is left at run time. */
  readonly typeOnly: boolean;
}

/** The TypeScript files under `src/` that a file imports. */
export function importsOf({ path, text }: Pick<SourceFile, "path" | "text">): Import[] {
  return [...text.matchAll(IMPORT)]
    .map(([, type, from, later]) => ({
      target: join(dirname(path), (from ?? later)!),
      typeOnly: type !== undefined,
    }))
    .filter(({ target }) => target.startsWith("src/"));
}
