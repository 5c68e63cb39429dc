import { z } from "zod";
import { visitView } from "../../doorbell/api.ts";
import { defineCommand, parameter } from "../command.ts";
import { table } from "../table.ts";
import { listVisits } from "./queries.ts";
import { watchVisits } from "./watch.ts";
import { VISIT_COLUMNS, visitCells } from "./words.ts";

/** Lists the newest visits; with `--watch` goes on with every change. */
export const visitList = defineCommand({
  examples: [
    "doorbell visit list",
    "doorbell visit list --limit 50 --door front --outcome unknown",
    "doorbell visit list --watch --json",
  ],
  parameters: {
    limit: parameter(
      "-n, --limit <count>",
      "how many, newest first",
      z.coerce.number().int().min(0).max(10_000).default(20),
    ),
    door: parameter("--door <door>", "only of this door, by its id", z.string().optional()),
    outcome: parameter(
      "--outcome <outcome>",
      "only these: known, unknown, watchlisted, no_face or no_frame",
      visitView.shape.outcome.unwrap().optional(),
    ),
    watch: parameter("-w, --watch", "go on, with a line for each change", z.boolean().default(false)),
  },
  async run({ limit, watch, ...filter }, context) {
    const { output, signal } = context;
    const client = await context.client();
    if (watch) {
      await watchVisits({ filter, limit }, { client, output, signal });
      return;
    }
    const visits = await output.progress("reading visits", () => listVisits(client, filter, limit));
    output.result({ visits }, () =>
      visits.length > 0 ? table(Object.keys(VISIT_COLUMNS), visits.map(visitCells)) : "no visits\n",
    );
  },
});
