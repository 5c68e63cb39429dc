import { execFile } from "node:child_process";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../testing/guard.ts";
import { RecognitionError } from "../recognition-error.ts";
import { ensureGraphs } from "./ensure-graphs.ts";

const script = `
  const { ensureGraphs } = await import(${JSON.stringify(join(import.meta.dirname, "ensure-graphs.ts"))});
  console.log(JSON.stringify(await ensureGraphs(process.argv[1])));
`;
/** Calls `ensureGraphs` in a process of its own. */
async function ensureElsewhere(folder: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "-e",
    script,
    folder,
  ]);
  return JSON.parse(stdout);
}

describe("ensureGraphs", () => {
  it("gives whole files, the same to processes that convert at once, and leaves nothing else", async () => {
    const folder = join(temporaryFolder(), "new");
    const [paths, others] = await Promise.all([ensureGraphs(folder), ensureElsewhere(folder)]);
    expect(others).toEqual(paths);
    const made = Object.values(paths);
    expect(readdirSync(folder).map((name) => join(folder, name))).toEqual(made.toSorted());
    for (const file of made) expect(statSync(file).size).toBeGreaterThan(500_000);

    const before = made.map((file) => statSync(file).ino);
    await ensureGraphs(folder);
    expect(
      made.map((file) => statSync(file).ino),
      "nothing is converted twice",
    ).toEqual(before);
  });

  it("says what to do when the folder cannot be written", async () => {
    const file = join(temporaryFolder(), "a-file");
    writeFileSync(file, "");
    chmodSync(file, 0o400);
    const error = await ensureGraphs(file).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RecognitionError);
    expect(error).toMatchObject({
      code: "graphs_unavailable",
      hint: expect.stringContaining("can be written"),
    });
    expect((error as Error).message).toMatch(/convert nets into .*: Error: (EEXIST|ENOTDIR)/);
  });
});
