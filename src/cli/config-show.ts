import { showJson, showYaml } from "../config/show.ts";
import { defineCommand } from "./command.ts";

/** Prints every value in effect, with its origin; of secrets where they are kept. */
export const configShow = defineCommand({
  examples: ["doorbell config show", "doorbell config show --config /etc/doorbell --json"],
  async run(_, { output, config }) {
    const effective = await config();
    output.result(showJson(effective), () => showYaml(effective));
  },
});
