import { execFile } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ensureUi } from "../scripts/build-ui.ts";
import { temporaryFolder } from "../src/testing/guard.ts";

const script = `
  const { ensureUi } = await import(${JSON.stringify(join(import.meta.dirname, "../scripts/build-ui.ts"))});
  console.log(await ensureUi(process.argv[1]));
`;

/** Calls `ensureUi` in a process of its own. */
async function ensureElsewhere(dist: string): Promise<string> {
  const args = ["--input-type=module", "-e", script, dist];
  return (await promisify(execFile)(process.execPath, args)).stdout.trim();
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe("ensureUi", () => {
  it("builds once, the same for processes that build at once, and leaves nothing else", async () => {
    const dist = join(temporaryFolder(), "dist");
    const [folder, other] = await Promise.all([ensureUi(dist), ensureElsewhere(dist)]);
    expect(other).toBe(folder);
    expect(readdirSync(dist).map((name) => join(dist, name))).toEqual([folder]);

    const before = statSync(join(folder, "index.html")).ino;
    expect(await ensureUi(dist)).toBe(folder);
    expect(statSync(join(folder, "index.html")).ino, "nothing is built twice").toBe(before);
  });

  it("makes a page that a strict content security policy lets through, of at most 40 KB gzipped", async () => {
    const folder = await ensureUi(join(temporaryFolder(), "dist"));
    const page = readFileSync(join(folder, "index.html"), "utf8");
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:/);

    const files = filesIn(folder);
    for (const file of files.filter((name) => name.includes("assets")))
      expect(file).toMatch(/-[\w-]{8}\.\w+$/);
    const sizes = files.map((file) => gzipSync(readFileSync(file)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(40_000);
  });
});
