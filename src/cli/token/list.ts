import { defineCommand } from "../command.ts";
import { table } from "../table.ts";
import { timeText } from "../time-text.ts";
import { listTokens } from "./queries.ts";

/** Lists the API tokens, without their secrets. */
export const tokenList = defineCommand({
  examples: ["doorbell token list", "doorbell token list --json"],
  async run(_, { output, client }) {
    const tokens = await output.progress("reading tokens", async () => listTokens(await client()));
    output.result({ tokens }, () => {
      if (tokens.length === 0) return "no tokens yet: doorbell token create NAME\n";
      const rows = tokens.map(({ id, name, createdAt, expiresAt }) => [
        id,
        name,
        timeText(createdAt),
        expiresAt === null ? "never" : timeText(expiresAt),
      ]);
      return table(["ID", "NAME", "SINCE", "ENDS"], rows);
    });
  },
});
