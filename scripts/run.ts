import { spawn } from "node:child_process";
import { dirname, resolve } from "node:path";

/** The folder of the project. */
export const root = resolve(import.meta.dirname, "..");

/** Entry files of the tools that the scripts run, all through this same Node. */
export const tools = {
  types: ["node_modules/typescript/bin/tsc", "--noEmit"],
  pageTypes: ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "ui"],
  lint: ["node_modules/@biomejs/biome/bin/biome", "check", "."],
  tests: ["node_modules/vitest/vitest.mjs", "run"],
} as const;

/** Runs a script under this Node with the terminal passed on; resolves with its exit code. */
export function runNode(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const path = `${dirname(process.execPath)}:${env.PATH ?? ""}`;
  const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit", env: { ...env, PATH: path } });
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("exit", (code, signal) => done(code ?? (signal ? 1 : 0)));
  });
}
