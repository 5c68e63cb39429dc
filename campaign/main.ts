/**
 * `npm run campaign -- NAME [--seed N] [--kills N]`: a long fault campaign from a printed random seed, whose
 * last line is JSON. `.ci/run` runs it short.
 */
import { parseArgs } from "node:util";

/** What every campaign is told. */
export interface CampaignOptions {
  /** Same seed, same faults at the same places; only the machine's timing differs. */
  readonly seed: number;
  /** How many faults. */
  readonly kills: number;
}

/** What it found. `broken`: one sentence per promise that did not hold; empty is what everybody wants. */
export interface CampaignResult {
  readonly figures: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
}

const campaigns: Record<
  string,
  () => Promise<{ run: (options: CampaignOptions) => Promise<CampaignResult> }>
> = {
  visits: () => import("./visits.ts"),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, kills: { type: "string" } },
});
const name = positionals[0] ?? "";
const load = campaigns[name];
if (!load) {
  console.error(
    `usage: npm run campaign -- NAME [--seed N] [--kills N]\ncampaigns: ${Object.keys(campaigns).join(", ")}`,
  );
  process.exit(2);
}
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const kills = Number(values.kills ?? 200);
console.log(`campaign ${name}: ${kills} kills, seed ${seed}`);
const { figures, broken } = await (await load()).run({ seed, kills });
for (const sentence of broken) console.error(`broken: ${sentence}`);
console.log(JSON.stringify({ campaign: name, seed, figures, broken }));
process.exit(broken.length === 0 ? 0 : 1);
