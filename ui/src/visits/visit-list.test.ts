import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visitOf } from "./visit.fixture.ts";
import { type VisitList, withNewest, withOlder, withVisit } from "./visit-list.ts";

const visit = (n: number) => visitOf({ id: String(n).padStart(4, "0"), acceptedAt: n });
const ids = (list: VisitList): number[] => list.visits.map(({ id }) => Number(id));

/** As the server pages: the newest `size` before `before`, of visits 1 to `newest`. */
function page(newest: number, size: number, before = newest + 1): VisitList {
  const from = Math.max(1, before - size);
  const visits = Array.from({ length: before - from }, (_, index) => visit(before - 1 - index));
  return { visits, next: visits.length === size ? visits.at(-1)!.id : null };
}

/** What can happen while the page is open, on a server that begins with some visits. */
const happenings = {
  reconnect: (list: VisitList, newest: number) => withNewest(list, page(newest, 5)),
  older: (list: VisitList, newest: number) =>
    list.next === null ? list : withOlder(list, page(newest, 5, Number(list.next))),
  live: (list: VisitList, newest: number) => withVisit(list, visit(newest)),
  changed: (list: VisitList, newest: number, back: number) =>
    withVisit(list, visit(Math.max(1, newest - back))),
};
const happening = fc.record({
  kind: fc.constantFrom<keyof typeof happenings>("reconnect", "older", "live", "changed"),
  /** How far back the visit lies that changed, or how many came while the connection was lost. */
  by: fc.nat(12),
});

/** How many more visits the server has after it. */
function arrivals({ kind, by }: { kind: keyof typeof happenings; by: number }): number {
  if (kind === "live") return 1;
  return kind === "reconnect" ? by : 0;
}

describe("the list of visits", () => {
  it("is newest first and never has a gap, whatever happens in whichever order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.array(happening, { maxLength: 30 }), (begin, all) => {
        let newest = begin;
        let list = page(newest, 5);
        for (const each of all) {
          newest += arrivals(each);
          list = happenings[each.kind](list, newest, each.by);
          const oldest = list.next === null ? 1 : ids(list).at(-1)!;
          expect(ids(list)).toEqual(
            Array.from({ length: newest - oldest + 1 }, (_, index) => newest - index),
          );
        }
      }),
    );
  });

  it("keeps older pages over a short break and drops them over one longer than a page", () => {
    const held = withOlder(page(20, 5), page(20, 5, 16));
    expect(ids(withNewest(held, page(23, 5)))).toHaveLength(13);
    expect(ids(withNewest(held, page(40, 5)))).toEqual([40, 39, 38, 37, 36]);
  });

  it("shows a visit as it was told last", () => {
    const list = withVisit(page(3, 5), { ...visit(2), outcome: "known" });
    expect(list.visits.map(({ outcome }) => outcome)).toEqual(["unknown", "known", "unknown"]);
  });
});
