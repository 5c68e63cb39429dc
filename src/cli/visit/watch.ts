import type { VisitView } from "../../doorbell/api.ts";
import type { Client } from "../client.ts";
import type { Output } from "../output.ts";
import { tableRow } from "../table.ts";
import { listVisits, readVisitPatiently, type VisitFilter } from "./queries.ts";
import { followVisits, type VisitChange } from "./stream.ts";
import { VISIT_COLUMNS, visitCells } from "./words.ts";

/** Which visits are shown first and then watched. */
export interface Watched {
  readonly filter: VisitFilter;
  readonly limit: number;
}

/** What watching needs. */
export interface WatchDeps {
  readonly client: Client;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Of so many visits it is remembered how they were shown last. */
const REMEMBERED = 1_000;

/**
 * Shows the newest visits, oldest first, then a line for each change, until stopped; cuts are told on stderr
 * and bridged. With `--json` a line is `{event, visit}`, the event null for what was there before.
 * @throws CliError when the stream cannot be opened, or access ends
 */
export async function watchVisits({ filter, limit }: Watched, deps: WatchDeps): Promise<void> {
  const { client, output, signal } = deps;
  const show = shower(filter, output);
  const tell = async (change: VisitChange): Promise<void> => {
    switch (change.kind) {
      case "open":
        for (const visit of (await listVisits(client, filter, limit)).reverse()) show(null, visit);
        return;
      case "cut":
        return output.note("the connection broke: trying again");
      case "reopened":
        return output.note("connected again");
      case "change": {
        const visit = await readVisitPatiently(client, change.visitId, signal);
        if (visit) show(change.event, visit);
      }
    }
  };
  try {
    for await (const change of followVisits(client, signal)) await tell(change);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Shows a visit that fits, unless it stands as it did when it was shown last. */
function shower({ door, outcome }: VisitFilter, output: Output) {
  const widths = Object.values(VISIT_COLUMNS);
  const shown = new Map<string, string>();
  let head = tableRow(Object.keys(VISIT_COLUMNS), widths);
  return (event: string | null, visit: VisitView): void => {
    if (door && visit.door.id !== door) return;
    if (outcome && visit.outcome !== outcome) return;
    const state = JSON.stringify(visit);
    if (shown.get(visit.id) === state) return;
    shown.set(visit.id, state);
    if (shown.size > REMEMBERED) shown.delete(shown.keys().next().value!);
    output.line({ event, visit }, () => head + tableRow(visitCells(visit), widths));
    head = "";
  };
}
