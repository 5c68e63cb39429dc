import { z } from "zod";
import { ask } from "../ask.ts";
import { defineCommand, parameter } from "../command.ts";
import { timeText } from "../time-text.ts";
import { tokenView } from "./queries.ts";

const madeToken = tokenView.extend({ token: z.string() });

/** Makes an API token. Standard output gets the secret alone, so that it can go into a pipe or a file. */
export const tokenCreate = defineCommand({
  examples: ["doorbell token create garden-gate", "doorbell token create laptop --days 90 > token"],
  parameters: {
    name: parameter("<name>", "what it is for, as the list shows it", z.string()),
    days: parameter(
      "--days <count>",
      "after how many days it ends; without it, when it is removed",
      z.coerce.number().int().min(1).max(3_650).optional(),
    ),
  },
  async run({ name, days }, { output, client }) {
    const call = { method: "POST", path: "/api/tokens", json: { name, expiresInDays: days } };
    const made = await output.progress("making the token", async () => ask(await client(), madeToken, call));
    output.result(made, () => `${made.token}\n`);
    const end = made.expiresAt === null ? "it is removed" : timeText(made.expiresAt);
    output.note(
      `It is shown this once, has the rights of the owner, and holds until ${end}.\n` +
        "Programs send it as `Authorization: Bearer TOKEN`; this command line reads it from DOORBELL_TOKEN, beside --url.",
    );
  },
});
