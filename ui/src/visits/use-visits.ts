import { useEffect, useReducer, useState } from "preact/hooks";
import type { VisitView } from "../../../src/doorbell/api.ts";
import { get, type Problem } from "../request.ts";
import { followVisits } from "./follow.ts";
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
  | { readonly kind: "newest"; readonly page: VisitList }
  | { readonly kind: "older"; readonly page: VisitList }
  | { readonly kind: "visit"; readonly visit: VisitView };

function change(list: VisitList | undefined, made: Change): VisitList | undefined {
  if (made.kind === "newest") return withNewest(list, made.page);
  if (!list) return list;
  return made.kind === "visit" ? withVisit(list, made.visit) : withOlder(list, made.page);
}

/** Follows the visits as long as the component lives. */
export function useVisits(): Visits {
  const [list, apply] = useReducer<VisitList | undefined, Change>(change, undefined);
  const [problem, setProblem] = useState<Problem>();
  const [offlineSince, setOfflineSince] = useState<number>();

  const fetchPage = async (kind: "newest" | "older", before: string): Promise<void> => {
    const answer = await get<VisitList>(`/api/visits?limit=${PAGE}${before}`);
    setProblem(answer.problem);
    if (!answer.problem) apply({ kind, page: answer.value });
  };
  const fetchVisit = async (id: string): Promise<void> => {
    const { value } = await get<VisitView>(`/api/visits/${id}`);
    if (value) apply({ kind: "visit", visit: value });
  };
  const [refresh] = useState(() => oneAtATime(fetchVisit));
  const reload = (): Promise<void> => fetchPage("newest", "");

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
    if (list?.next) await fetchPage("older", `&before=${list.next}`);
  };
  return { list, problem, offlineSince, reload, older, refresh };
}

/**
 * Runs a task for one key at a time, so that an answer never overtakes a newer one; asked again meanwhile, it
 * runs once more.
 */
function oneAtATime(task: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const running = new Map<string, { again: boolean; done: Promise<void> }>();
  return (key) => {
    const current = running.get(key);
    if (current) {
      current.again = true;
      return current.done;
    }
    const entry = { again: true, done: Promise.resolve() };
    const repeat = async (): Promise<void> => {
      while (entry.again) {
        entry.again = false;
        await task(key);
      }
      running.delete(key);
    };
    running.set(key, entry);
    entry.done = repeat();
    return entry.done;
  };
}
