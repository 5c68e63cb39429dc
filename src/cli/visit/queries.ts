import { setTimeout as wait } from "node:timers/promises";
import { type VisitView, visitPage, visitView } from "../../doorbell/api.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { isRetryable } from "../../lib/errors.ts";
import { isUuid } from "../../lib/ids.ts";
import { ask } from "../ask.ts";
import type { Client } from "../client.ts";
import { CliError, usageError } from "../exit.ts";

/** Which visits are asked for. */
export interface VisitFilter {
  readonly door?: string | undefined;
  readonly outcome?: VisitView["outcome"] | undefined;
}

/** Most visits of one page. */
const PAGE = 100;

/** The newest visits, newest first. */
export async function listVisits(client: Client, filter: VisitFilter, limit: number): Promise<VisitView[]> {
  const visits: VisitView[] = [];
  for (let before: string | null | undefined; before !== null && visits.length < limit; ) {
    const size = Math.min(limit - visits.length, PAGE);
    const page = await ask(client, visitPage, { path: pagePath({ ...filter, before, limit: size }) });
    visits.push(...page.visits);
    before = page.next;
  }
  return visits;
}

/** One visit. @throws CliError as the system refuses it */
export function readVisit(client: Client, id: string): Promise<VisitView> {
  return ask(client, visitView, { path: `/api/visits/${id}` });
}

/** The same over restarts of the system: undefined when the visit is gone. @throws CliError when stopped */
export async function readVisitPatiently(
  client: Client,
  id: string,
  signal: AbortSignal,
): Promise<VisitView | undefined> {
  for (let failures = 1; ; failures++) {
    try {
      return await readVisit(client, id);
    } catch (error) {
      if (error instanceof CliError && error.code === "not_found") return undefined;
      if (signal.aborted || !isRetryable(error)) throw error;
      const delay = backoffMs({ firstMs: 200, maxMs: 10_000 }, failures);
      await wait(delay, undefined, { signal }).catch(() => {});
    }
  }
}

/** The highest id of a visit that begins so. Visit ids sort by time (UUIDv7). */
const HIGHEST = "ffffffff-ffff-7fff-bfff-ffffffffffff";

/** The visit whose id this is, or the only one whose id begins so. @throws CliError when there is none, or several */
export async function findVisit(client: Client, idOrPrefix: string): Promise<VisitView> {
  const prefix = idOrPrefix.toLowerCase();
  if (isUuid(prefix)) return readVisit(client, prefix);
  const before = prefix + HIGHEST.slice(prefix.length);
  if (!isUuid(before)) throw usageError(`find visit ${idOrPrefix}: that is no beginning of an id`, LIST);
  const { visits } = await ask(client, visitPage, { path: pagePath({ before, limit: 2 }) });
  const [visit, other] = visits.filter(({ id }) => id.startsWith(prefix));
  if (!visit) throw refusal("not_found", `find visit ${idOrPrefix}: there is none`, LIST);
  if (!other) return visit;
  const several = `find visit ${idOrPrefix}: several ids begin so, such as ${visit.id} and ${other.id}`;
  throw refusal("ambiguous", several, "Give more of the id.");
}

const LIST = "`doorbell visit list` shows the ids.";

function pagePath(query: Readonly<Record<string, string | number | null | undefined>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value != null) given.append(name, String(value));
  return `/api/visits?${given}`;
}

function refusal(code: string, message: string, hint: string): CliError {
  return new CliError(message, { code, hint, exit: "refused" });
}
