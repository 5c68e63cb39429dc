import type { VisitView } from "../../doorbell/api.ts";
import type { Client } from "../client.ts";
import { CliError } from "../exit.ts";
import { readVisitPatiently } from "./queries.ts";
import { followVisits } from "./stream.ts";
import { outcomeText } from "./words.ts";

/** How long after its end a visit's deliveries may still be under way, ms. */
const DELIVERIES_MS = 5_000;

/** What following needs. */
interface AwaitDeps {
  readonly client: Client;
  readonly signal: AbortSignal;
}

/**
 * Follows a visit until it is done and, for a few seconds more, until all have been told.
 * @param report is given how far it is
 * @throws CliError as `followVisits`; `stopped` when the signal came first; `visit_gone`
 */
export async function awaitVisit(
  visitId: string,
  deps: AwaitDeps,
  report: (detail: string) => void,
): Promise<VisitView> {
  const { signal } = deps;
  const enough = new AbortController();
  let patience: NodeJS.Timeout | undefined;
  let visit: VisitView | undefined;
  try {
    for await (visit of statesOf(visitId, deps, AbortSignal.any([signal, enough.signal]))) {
      report(outcomeText(visit));
      if (visit.state !== "done") continue;
      if (visit.deliveries.every(({ state }) => state !== "waiting")) return visit;
      patience ??= setTimeout(() => enough.abort(), DELIVERIES_MS);
    }
  } catch (error) {
    throw signal.aborted ? stopped(visitId) : error;
  } finally {
    clearTimeout(patience);
  }
  if (visit?.state !== "done" || signal.aborted) throw stopped(visitId);
  return (await readVisitPatiently(deps.client, visitId, signal)) ?? visit;
}

/** The visit as it stands now and after each of its changes, until `stop` aborts. */
async function* statesOf(visitId: string, { client, signal }: AwaitDeps, stop: AbortSignal) {
  for await (const change of followVisits(client, stop)) {
    if (change.kind === "cut" || (change.kind === "change" && change.visitId !== visitId)) continue;
    const visit = await readVisitPatiently(client, visitId, signal);
    if (!visit) throw gone(visitId);
    yield visit;
  }
}

function gone(visitId: string): CliError {
  return new CliError(`follow visit ${visitId}: it was erased meanwhile`, {
    code: "visit_gone",
    hint: "It was accepted; what came of it cannot be told any more.",
    exit: "unknown",
  });
}

function stopped(visitId: string): CliError {
  return new CliError(`follow visit ${visitId}: stopped before it was done`, {
    code: "stopped",
    hint: `It goes on by itself: doorbell visit show ${visitId}`,
    exit: "failed",
  });
}
