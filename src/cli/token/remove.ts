import { z } from "zod";
import { defineCommand, parameter } from "../command.ts";
import { oneLine } from "../table.ts";
import { findToken } from "./queries.ts";

/** Ends an API token at once. */
export const tokenRemove = defineCommand({
  examples: ["doorbell token remove 0199f3c2"],
  parameters: {
    id: parameter("<id>", "the token's id, or a beginning that no other has", z.string().min(1)),
  },
  async run({ id: wanted }, { output, client }) {
    const { id, name } = await output.progress("removing", async () => {
      const system = await client();
      const token = await findToken(system, wanted);
      await system.send({ method: "DELETE", path: `/api/tokens/${token.id}` });
      return token;
    });
    output.result(
      { tokenId: id, removed: true },
      () => `removed ${oneLine(name)}: it opens nothing any more\n`,
    );
  },
});
