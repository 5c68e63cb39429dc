import { allCommands } from "./cli/commands.ts";
import type { Reload } from "./cli/config-reload.ts";
import { runProgram } from "./cli/program.ts";

const reload: Reload = async (dataDir) => {
  const { callSupervisor } = await import("./production/deployment/supervisor/control-client.ts");
  const { runFolder } = await import("./production/deployment/supervisor/run-folder.ts");
  return callSupervisor(runFolder(dataDir).control, "reload", {});
};

const stop = new AbortController();
// Once each: a second signal ends the process in the system's own way.
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());

// A reader that has seen enough (`doorbell visit list | head -1`) is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

const { stdin, stdout, stderr, env } = process;
const world = { stdin, stdout, stderr, env, signal: stop.signal };
process.exitCode = await runProgram(process.argv.slice(2), world, allCommands({ reload }));
