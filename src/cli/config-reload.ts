import type { Change } from "../config/changes.ts";
import { type Command, defineCommand } from "./command.ts";
import { table } from "./table.ts";

/**
 * Has the running system read its configuration again, and tells what differed from what it ran with: the
 * `live` changes are in effect when it returns, the others wait for a restart.
 */
export type Reload = (signal: AbortSignal) => Promise<readonly Change[]>;

/** Brings a changed configuration into effect. It is looked over here first, so that its problems have their place. */
export function configReload(reload: Reload): Command {
  return defineCommand({
    examples: ["doorbell config reload"],
    async run(_, { output, config, signal }) {
      await config();
      const changes = await output.progress("reloading the configuration", () => reload(signal));
      const waiting = changes.filter((change) => change.reload === "restart").length;
      output.result({ inEffect: changes.length - waiting, waitingForRestart: waiting, changes }, () => {
        if (changes.length === 0) return "nothing has changed\n";
        const rows = changes.map(({ path, from, to, reload: kind }) => [
          path,
          from,
          to,
          kind === "live" ? "in effect" : "after a restart",
        ]);
        return table(["KEY", "FROM", "TO", "EFFECT"], rows);
      });
    },
  });
}
