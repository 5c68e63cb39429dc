import { useEffect, useReducer, useState } from "preact/hooks";
import type { VisitView } from "../../../src/doorbell/api.ts";
import { get, type Problem } from "../request.ts";
import { followVisits } from "./follow.ts";
import { turns } from "./turns.ts";
import { type VisitList, withNewest, withOlder, withVisit } from "./visit-list.ts";

/** The newest visits, kept up to date. */
export interface Visits {
  /** Undefined until they are there. */
  readonly list: VisitList | undefined;
  /** Why they are not there, or not as new as they could be. */
  readonly problem: Problem | undefined;
  /** Since when nothing new can be told, ms since the epoch; undefined while all is well. */
  readonly offlineSince: number | undefined;
  /** Fetches the newest page anew. */
  reload(): Promise<void>;
  /** Adds the page before the oldest that is held. */
  older(): Promise<void>;
  /** Fetches one visit anew. */
  refresh(visitId: string): Promise<void>;
}

const PAGE = 20;

type Change =
  | { readonly kind: "page"; readonly before: string | undefined; readonly page: VisitList }
  | { readonly kind: "visit"; readonly visit: VisitView };

function change(list: VisitList | undefined, made: Change): VisitList | undefined {
  if (made.kind === "page" && made.before === undefined) return withNewest(list, made.page);
  if (!list) return list;
  if (made.kind === "visit") return withVisit(list, made.visit);
  // Else the list was begun anew meanwhile, and the page no longer joins on.
  return made.before === list.next ? withOlder(list, made.page) : list;
}

/** Follows the visits as long as the component lives. */
export function useVisits(): Visits {
  const [list, apply] = useReducer<VisitList | undefined, Change>(change, undefined);
  const [problem, setProblem] = useState<Problem>();
  const [offlineSince, setOfflineSince] = useState<number>();
  const [inTurn] = useState(turns);

  const fetchPage = (before: string | undefined): Promise<void> =>
    inTurn(`before ${before}`, async () => {
      const query = before === undefined ? "" : `&before=${before}`;
      const answer = await get<VisitList>(`/api/visits?limit=${PAGE}${query}`);
      setProblem(answer.problem);
      if (!answer.problem) apply({ kind: "page", before, page: answer.value });
    });
  const refresh = (id: string): Promise<void> =>
    inTurn(id, async () => {
      const { value } = await get<VisitView>(`/api/visits/${id}`);
      if (value) apply({ kind: "visit", visit: value });
    });
  const reload = (): Promise<void> => fetchPage(undefined);

  useEffect(() => {
    void reload();
    return followVisits({
      open() {
        setOfflineSince(undefined);
        void reload();
      },
      changed: (id) => void refresh(id),
      lost: setOfflineSince,
    });
  }, []);

  const older = async (): Promise<void> => {
    if (list?.next) await fetchPage(list.next);
  };
  return { list, problem, offlineSince, reload, older, refresh };
}
