import { resolve } from "node:path";
import { type Command, defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { table } from "./table.ts";

/** What one process made of being told to read its configuration again. */
export interface ReloadAnswer {
  readonly outcome: "reloaded" | "refused" | "no_answer";
  /** Such as which changes wait for a restart, or why it refused. */
  readonly detail: string;
}

/**
 * Has every process of the running system read its configuration again.
 * @param dataDir the absolute path of the data folder, in which the system is found
 * @returns their answers by name
 */
export type Reload = (dataDir: string) => Promise<Readonly<Record<string, ReloadAnswer>>>;

/** Brings a changed configuration into effect. It is looked over here first, so that its problems have their place. */
export function configReload(reload: Reload): Command {
  return defineCommand({
    examples: ["doorbell config reload"],
    async run(_, { output, config }) {
      const { dataDir } = (await config()).value;
      const processes = await output.progress("reloading the configuration", () => reload(resolve(dataDir)));
      output.result({ processes }, () => {
        const rows = Object.entries(processes).map(([name, { outcome, detail }]) => [
          name,
          WORDS[outcome],
          detail,
        ]);
        return table(["PROCESS", "OUTCOME", "DETAIL"], rows);
      });
      const outcomes = Object.values(processes).map(({ outcome }) => outcome);
      if (outcomes.includes("refused")) return EXIT.refused;
      return outcomes.includes("no_answer") ? EXIT.unknown : EXIT.done;
    },
  });
}

const WORDS = { reloaded: "reloaded", refused: "refused", no_answer: "no answer" } as const;
