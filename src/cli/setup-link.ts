import { z } from "zod";
import { ask } from "./ask.ts";
import { defineCommand } from "./command.ts";
import { timeText } from "./time-text.ts";

const linkAnswer = z.object({ token: z.string(), expiresAt: z.int() });

/** Makes a one-time address that sets the owner's password; on the machine itself only. */
export const setupLink = defineCommand({
  examples: ["doorbell setup link"],
  async run(_, context) {
    const client = await context.client();
    const { token, expiresAt } = await ask(client, linkAnswer, { method: "POST", path: "/api/setup-links" });
    const { publicUrl, port } = (await context.config()).value.http;
    const page = publicUrl ?? `http://localhost:${port}`;
    const address = new URL(`#/setup?token=${encodeURIComponent(token)}`, page).href;
    context.output.result({ address, expiresAt }, () => `${address}\n`);
    context.output.note(
      `It sets the owner's password, once, until ${timeText(expiresAt)}. Whoever has it owns the doorbell.`,
    );
  },
});
