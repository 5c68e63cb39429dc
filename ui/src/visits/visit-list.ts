import type { VisitView } from "../../../src/doorbell/api.ts";

/** Visits without a gap, newest first, as a page of them comes; `next` asks for those before, null at the end. */
export interface VisitList {
  readonly visits: readonly VisitView[];
  readonly next: string | null;
}

/** Ids are made of time: the later visit has the greater one. */
const newestFirst = (a: VisitView, b: VisitView): number => (a.id < b.id ? 1 : -1);

/** With one visit new or changed. One that is older than all that are held stays out while there is a gap. */
export function withVisit(list: VisitList, visit: VisitView): VisitList {
  const oldest = list.visits.at(-1);
  if (list.next !== null && oldest && visit.id < oldest.id) return list;
  return { visits: merged(list.visits, [visit]), next: list.next };
}

/** With the newest page as it is now. What is held stays where both meet, else there would be a gap. */
export function withNewest(list: VisitList | undefined, page: VisitList): VisitList {
  const oldest = page.visits.at(-1);
  const meets = list?.visits.some(({ id }) => oldest !== undefined && id >= oldest.id);
  if (!list || page.next === null || !meets) return page;
  return { visits: merged(list.visits, page.visits), next: list.next };
}

/** With the page that `next` asked for. */
export function withOlder(list: VisitList, page: VisitList): VisitList {
  return { visits: merged(list.visits, page.visits), next: page.next };
}

function merged(held: readonly VisitView[], fresh: readonly VisitView[]): VisitView[] {
  const byId = new Map([...held, ...fresh].map((visit) => [visit.id, visit]));
  return [...byId.values()].toSorted(newestFirst);
}
