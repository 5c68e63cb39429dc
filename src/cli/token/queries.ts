import { z } from "zod";
import { ask } from "../ask.ts";
import type { Client } from "../client.ts";
import { CliError } from "../exit.ts";

/** An API token as the system lists it; its secret was shown when it was made, and never again. */
export const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.int().describe("ms since the epoch"),
  expiresAt: z.int().nullable().describe("ms since the epoch; null for one without an end"),
});

/** Parsed `tokenView`: an API token without its secret. */
export type TokenView = z.infer<typeof tokenView>;

const tokensAnswer = z.object({ tokens: z.array(tokenView) });

/** Every token, the oldest first. */
export async function listTokens(client: Client): Promise<TokenView[]> {
  return (await ask(client, tokensAnswer, { path: "/api/tokens" })).tokens;
}

/** The token whose id this is, or the only one whose id begins so. @throws CliError when there is none, or several */
export async function findToken(client: Client, idOrPrefix: string): Promise<TokenView> {
  const prefix = idOrPrefix.toLowerCase();
  const found = (await listTokens(client)).filter(({ id }) => id.startsWith(prefix));
  const [token, ...others] = found;
  if (token && others.length === 0) return token;
  throw new CliError(`find token ${idOrPrefix}: ${token ? "several ids begin so" : "there is none"}`, {
    code: token ? "ambiguous" : "not_found",
    hint: token
      ? `Give more of the id: ${found.map(({ id }) => id).join(", ")}.`
      : "`doorbell token list` shows the ids.",
    exit: "refused",
  });
}
