import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../../lib/errors.ts";
import { RecognitionError } from "../recognition-error.ts";
import { graphFiles, type PerNet } from "./graph-files.ts";
import { NETS, type NetName } from "./weights.ts";

/**
 * Makes sure that all nets lie as ONNX graphs in the folder, and gives their paths. Converts (0.5 s, 47 MB) in a
 * child process, and only what is missing makes it start. Processes that call it at once each convert and
 * replace each other's files by the same bytes.
 * @param folder a cache: created when missing, and safe to delete while nothing runs
 * @throws RecognitionError `graphs_unavailable`
 */
export async function ensureGraphs(folder: string): Promise<PerNet> {
  try {
    const files = await graphFiles();
    const paths = Object.fromEntries(NETS.map((net) => [net, join(folder, files[net])])) as Record<
      NetName,
      string
    >;
    if (!(await allExist(Object.values(paths)))) {
      await promisify(execFile)(process.execPath, [join(import.meta.dirname, "main.ts"), folder]);
    }
    return paths;
  } catch (error) {
    throw new RecognitionError(`convert nets into ${folder}: ${lastLine(error)}`, {
      code: "graphs_unavailable",
      hint: "Check that the folder can be written and has 50 MB free, and that `npm ci` has installed @vladmandic/face-api.",
      cause: error,
    });
  }
}

async function allExist(paths: readonly string[]): Promise<boolean> {
  const results = await Promise.allSettled(paths.map((path) => access(path)));
  return results.every((result) => result.status === "fulfilled");
}

/** A failed child's message ends with its stack; the line that names the error says why. */
function lastLine(error: unknown): string {
  const lines = messageOf(error).split("\n");
  return lines.find((line) => /^\w*Error/.test(line)) ?? lines[0]!;
}
