import { resolve } from "node:path";
import { ask } from "./ask.ts";
import { type Context, defineCommand } from "./command.ts";
import { CliError, EXIT } from "./exit.ts";
import type { Output } from "./output.ts";
import { judge, type SystemState, stateText, systemState } from "./system-state.ts";

/** Tells the state of each part. Where `web` does not answer, the supervisor tells of the processes. */
export const status = defineCommand({
  examples: ["doorbell status", "doorbell status --json"],
  async run(_, context) {
    const { output } = context;
    const state = await output.progress("asking the system", () => look(context));
    const { verdict, problems, warnings } = judge(state);
    output.result({ verdict, problems, warnings, ...state }, () => {
      const head =
        verdict === "pass" ? output.tone("good", "running") : output.tone("bad", "not all of it is running");
      const lines = [...listed("bad", problems, output), ...listed("warning", warnings, output)];
      return `${[head, ...lines].join("\n")}\n${stateText(state)}`;
    });
    return verdict === "pass" ? EXIT.done : EXIT.failed;
  },
});

async function look(context: Context): Promise<SystemState> {
  try {
    return await ask(await context.client(), systemState, { path: "/api/status", isUrgent: true });
  } catch (error) {
    const answered = !(error instanceof CliError) || error.exit !== EXIT.failed;
    if (answered || context.isRemote) throw error;
    return await askSupervisor(context).catch(() => Promise.reject(error));
  }
}

async function askSupervisor({ config }: Context): Promise<SystemState> {
  const { callSupervisor } = await import("../production/deployment/supervisor/control-client.ts");
  const { runFolder } = await import("../production/deployment/supervisor/run-folder.ts");
  const { control } = runFolder(resolve((await config()).value.dataDir));
  const { release, processes } = await callSupervisor(control, "status", {});
  return {
    release,
    processes: processes.map(({ name, status: state }) => ({ name, state })),
    isSilent: true,
  };
}

function listed(tone: "bad" | "warning", lines: readonly string[], output: Output): string[] {
  return lines.map((line) => `  ${output.tone(tone, line)}`);
}
