import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { glob, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./run.ts";

const source = join(root, "ui");

/**
 * Makes sure that the web page is built from the sources as they are, and gives the folder to serve it from,
 * named by their hash: whoever still serves an older one keeps it. Builds (0.5 s) in a child process and
 * tells so when it takes longer than a second. Processes that call it at once each build, and the first wins.
 * @param dist where the builds lie; may be deleted while nothing runs
 * @throws Error with what Vite says
 */
export async function ensureUi(dist = join(source, "dist")): Promise<string> {
  const folder = join(dist, await sourcesHash());
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}.tmp`;
  const patience = setTimeout(() => console.error("Building the web page, once …"), 1_000);
  try {
    await build(unfinished);
    await rename(unfinished, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    clearTimeout(patience);
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** Hash of all that the page is made of: its sources, and the versions of what builds it. */
async function sourcesHash(): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const files = [];
  const exclude = ["**/*.test.ts", "**/*.fixture.ts"];
  for await (const name of glob(["src/**/*.*", "*.*"], { cwd: source, exclude }))
    files.push(join(source, name));
  files.push(resolve("preact/package.json"), resolve("vite/package.json"));
  const hash = createHash("sha256");
  for (const file of files.toSorted()) hash.update(await readFile(file)).update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** Vite in a process of its own: it takes memory that the caller would keep. */
async function build(folder: string): Promise<void> {
  const vite = join(createRequire(import.meta.url).resolve("vite/package.json"), "../bin/vite.js");
  const args = [vite, "build", source, "--configLoader", "native", "--logLevel", "error", "--outDir", folder];
  const env = { ...process.env, NODE_ENV: "production" };
  await promisify(execFile)(process.execPath, [...args, "--emptyOutDir"], { cwd: root, env });
}

if (import.meta.main) console.log(await ensureUi());
