import { allCommands } from "./cli/commands.ts";
import type { Reload } from "./cli/config-reload.ts";
import { CliError } from "./cli/exit.ts";
import { runProgram } from "./cli/program.ts";

/** Until the supervisor's control socket takes this place, a reload reaches nobody. */
const reload: Reload = async () => {
  const hint = "Start it with: doorbell up. A system that starts reads the configuration anew.";
  throw new CliError("reach the doorbell system: no supervisor runs", {
    code: "not_running",
    hint,
    exit: "failed",
  });
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

const { stdout, stderr, env } = process;
process.exitCode = await runProgram(
  process.argv.slice(2),
  { stdout, stderr, env, signal: stop.signal },
  allCommands({ reload }),
);
