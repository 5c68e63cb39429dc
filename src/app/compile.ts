import { createHash } from "node:crypto";
import { existsSync, globSync, statSync, writeFileSync } from "node:fs";
import { flushCompileCache, getCompileCacheDir } from "node:module";
import { join } from "node:path";

const sources = join(import.meta.dirname, "..");

/**
 * Has Node compile all that the processes of a release load, unless it has since the sources last changed. A
 * process that finds a module uncompiled loads the compiler and keeps its 17 MB for life, in each of its
 * threads. Loads the whole program: for a process that is about to become another.
 */
export async function compileAhead(): Promise<void> {
  const cache = getCompileCacheDir();
  if (cache === undefined) return;
  const done = join(cache, `complete-${stateOfSources()}`);
  if (existsSync(done)) return;
  await Promise.all([
    import("./supervise.ts"),
    import("./process.ts"),
    import("./web.ts"),
    import("./worker.ts"),
    import("./ops.ts"),
    import("./writer.ts"),
  ]);
  flushCompileCache();
  writeFileSync(done, "");
}

/** Changes whenever a source file does. */
function stateOfSources(): string {
  const hash = createHash("sha256");
  for (const path of globSync("**/*.ts", { cwd: sources }).sort()) {
    const { size, mtimeMs } = statSync(join(sources, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}
