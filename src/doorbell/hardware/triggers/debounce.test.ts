import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../../lib/clock.ts";
import { type AcceptedPress, DEBOUNCE_MS, debounce } from "./debounce.ts";

/** A press so many ms after the one before, and where somebody sets the wall clock meanwhile. */
interface Step {
  readonly gapMs: number;
  readonly wall: number;
}

const steps = fc.array(
  fc.record({ gapMs: fc.integer({ min: 0, max: 12_000 }), wall: fc.integer({ min: 0, max: 2e12 }) }),
  { maxLength: 40 },
);
const windows = fc.integer({ min: 0, max: 10_000 });

/** The uptimes at which visits begin. */
function visits(presses: readonly Step[], windowMs: number, setWall = false): number[] {
  const clock = manualClock();
  const begun: number[] = [];
  let last: AcceptedPress | undefined;
  for (const { gapMs, wall } of presses) {
    clock.advance(gapMs);
    if (setWall) clock.setWall(wall);
    const moment = clock.moment();
    if (debounce(last, moment, windowMs).kind === "merge") continue;
    begun.push(moment.uptimeMs);
    last = { visitId: `visit-${begun.length}`, moment };
  }
  return begun;
}

describe("the debounce", () => {
  const clock = manualClock();
  const last = { visitId: "visit-1", moment: clock.moment() };
  const later = (ms: number) => ({ ...last.moment, uptimeMs: last.moment.uptimeMs + ms });

  it("accepts the first press", () => {
    expect(debounce(undefined, clock.moment())).toEqual({ kind: "accept" });
  });

  it("merges a press of the next five seconds into the visit, and accepts the one after", () => {
    expect(debounce(last, later(0))).toEqual({ kind: "merge", visitId: "visit-1" });
    expect(debounce(last, later(DEBOUNCE_MS - 1))).toEqual({ kind: "merge", visitId: "visit-1" });
    expect(debounce(last, later(DEBOUNCE_MS))).toEqual({ kind: "accept" });
  });

  it("merges a press that is told late, and accepts one that is older than the window", () => {
    expect(debounce(last, later(-10)).kind).toBe("merge");
    expect(debounce(last, later(-DEBOUNCE_MS)).kind).toBe("accept");
  });

  it("accepts the first press after a boot", () => {
    const { uptimeMs } = last.moment;
    expect(debounce(last, { boot: "another", uptimeMs }).kind).toBe("accept");
  });

  it("begins no two visits within the window", () => {
    fc.assert(
      fc.property(steps, windows, (presses, windowMs) => {
        const begun = visits(presses, windowMs);
        for (const [index, at] of begun.entries()) {
          if (index > 0) expect(at - begun[index - 1]!).toBeGreaterThanOrEqual(windowMs);
        }
      }),
    );
  });

  it("loses no press: each lies in the window of the visit before it", () => {
    fc.assert(
      fc.property(steps, windows, (presses, windowMs) => {
        const begun = visits(presses, windowMs);
        let at = manualClock().moment().uptimeMs;
        for (const { gapMs } of presses) {
          at += gapMs;
          const visit = begun.findLast((each) => each <= at);
          expect(visit === at || at - visit! < windowMs).toBe(true);
        }
      }),
    );
  });

  it("decides the same wherever the wall clock is set", () => {
    fc.assert(
      fc.property(steps, windows, (presses, windowMs) => {
        expect(visits(presses, windowMs, true)).toEqual(visits(presses, windowMs));
      }),
    );
  });
});
