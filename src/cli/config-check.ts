import { z } from "zod";
import type { Setting } from "../config/load.ts";
import { DoorbellError } from "../lib/errors.ts";
import { resolveSecret, type SecretReference } from "../lib/settings.ts";
import { type Context, defineCommand, parameter } from "./command.ts";
import { EXIT } from "./exit.ts";

/** Looks the configuration over; with `--secrets` also whether each secret can be read. */
export const configCheck = defineCommand({
  examples: ["doorbell config check", "doorbell config check --config /etc/doorbell --secrets"],
  parameters: {
    secrets: parameter("--secrets", "also try whether every secret can be read", z.boolean().default(false)),
  },
  async run({ secrets }, context) {
    const { output } = context;
    const { source, settings } = await context.config();
    const kept = secrets ? settings.filter(({ secret }) => secret) : [];
    const faults = (await Promise.all(kept.map((setting) => secretFault(setting, context)))).filter(
      (one) => one !== undefined,
    );
    const verdict = faults.length === 0 ? "pass" : "fail";
    output.result(
      { verdict, source, settings: settings.length, secretsRead: kept.length, problems: faults },
      () => {
        const lines = faults.map(
          ({ path, message, hint }) =>
            `${output.tone("bad", "unreadable")} ${path}: ${message}\n  hint: ${hint}\n`,
        );
        const tried = secrets ? `, ${kept.length - faults.length} of ${kept.length} secrets readable` : "";
        return [
          ...lines,
          `${output.tone(verdict === "pass" ? "good" : "bad", verdict)}: ${source}${tried}\n`,
        ].join("");
      },
    );
    return verdict === "pass" ? EXIT.done : EXIT.failed;
  },
});

async function secretFault({ name, value }: Setting, { env, signal }: Context) {
  try {
    await resolveSecret(value as SecretReference, env, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof DoorbellError)) throw error;
    return { path: name, code: error.code, message: error.message, hint: error.hint };
  }
}
