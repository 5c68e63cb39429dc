import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  neverStarted,
  nextState,
  type ProcessEvent,
  type ProcessState,
  defaultRestartPolicy as policy,
  wantedProcesses,
} from "./process-plan.ts";

const half = () => 0.5;
const exited: ProcessEvent = { type: "exited", reason: "exit code 1" };

/** The state after a series of events, each so many ms after the one before. */
function stateAfter(
  ...steps: readonly (readonly [afterMs: number, event: ProcessEvent["type"]])[]
): ProcessState {
  let now = 0;
  return steps.reduce((state, [afterMs, type]) => {
    now += afterMs;
    return nextState(state, type === "exited" ? exited : { type }, policy, now, half);
  }, neverStarted(0));
}

describe("the processes of a release", () => {
  it("are ops, web and the workers by number", () => {
    expect(wantedProcesses(2).map(({ name }) => name)).toEqual(["ops", "web", "worker-1", "worker-2"]);
  });
});

describe("a process", () => {
  it("waits twice as long after each failure, up to the cap", () => {
    let state = stateAfter([0, "start"]);
    const waits: number[] = [];
    for (let now = 100_000; waits.length < 7; now += 100_000) {
      state = nextState(state, exited, policy, now, half);
      if (!("retryAt" in state)) throw new Error("not waiting");
      waits.push(state.retryAt - now);
      state = nextState(state, { type: "retry" }, policy, state.retryAt, half);
    }
    expect(waits).toEqual([375, 750, 1_500, 3_000, 6_000, 7_500, 7_500]);
  });

  it("begins with the short wait again once it was ready for the stable time", () => {
    const failedTwice = [
      [0, "start"],
      [0, "exited"],
      [20_000, "retry"],
      [0, "exited"],
      [20_000, "retry"],
    ] as const;
    expect(stateAfter(...failedTwice, [0, "ready"], [59_999, "exited"]).history.failures).toBe(3);
    expect(stateAfter(...failedTwice, [0, "ready"], [60_000, "exited"]).history.failures).toBe(1);
  });

  const fourFailures = Array.from(
    { length: 4 },
    () =>
      [
        [10_000, "exited"],
        [4_000, "retry"],
      ] as const,
  ).flat();

  it("is in a crash loop at the fifth exit within a minute", () => {
    const state = stateAfter([0, "start"], ...fourFailures, [4_000, "exited"]);
    expect(state).toMatchObject({ status: "crash_looping", since: 60_000, retryAt: 60_000 + 120_000 });
  });

  it("is in no crash loop when its five exits took longer", () => {
    expect(stateAfter([0, "start"], ...fourFailures, [14_001, "exited"])).toMatchObject({
      status: "backing_off",
    });
  });

  it("in a crash loop is tried again, seldom, until it is stable", () => {
    const looping = [[0, "start"], ...fourFailures, [0, "exited"], [120_000, "retry"]] as const;
    expect(stateAfter(...looping)).toMatchObject({ status: "starting", history: { restarts: 5 } });
    expect(stateAfter(...looping, [0, "ready"], [59_999, "exited"]).status).toBe("crash_looping");
    expect(stateAfter(...looping, [0, "ready"], [60_000, "exited"]).status).toBe("backing_off");
  });

  it("is forgiven everything when a person starts it again", () => {
    const state = stateAfter(
      [0, "start"],
      ...fourFailures,
      [0, "exited"],
      [0, "stop"],
      [0, "start"],
      [0, "exited"],
    );
    expect(state).toMatchObject({ status: "backing_off", history: { failures: 1, looping: false } });
  });
});

interface Step {
  readonly waitMs: number;
  readonly event: ProcessEvent;
  readonly random: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.nat({ max: 20_000 }), fc.nat({ max: 200_000 })),
    event: fc.oneof(
      { weight: 3, arbitrary: fc.constant(exited) },
      { weight: 3, arbitrary: fc.constant<ProcessEvent>({ type: "retry" }) },
      { weight: 2, arbitrary: fc.constant<ProcessEvent>({ type: "start" }) },
      { weight: 2, arbitrary: fc.constant<ProcessEvent>({ type: "ready" }) },
      { weight: 1, arbitrary: fc.constant<ProcessEvent>({ type: "stop" }) },
    ),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  }),
  { maxLength: 80 },
);

const EDGES: Record<ProcessState["status"], readonly ProcessState["status"][]> = {
  stopped: ["starting"],
  starting: ["ready", "stopping", "backing_off", "crash_looping"],
  ready: ["stopping", "backing_off", "crash_looping"],
  backing_off: ["starting", "stopped"],
  crash_looping: ["starting", "stopped"],
  stopping: ["stopped"],
};

describe("for every history of events, a process", () => {
  /** Runs the machine and shows every step that changed something. */
  function walk(
    history: readonly Step[],
    look: (step: { before: ProcessState; state: ProcessState; event: ProcessEvent; now: number }) => void,
  ): void {
    let state = neverStarted(0);
    let now = 0;
    for (const { waitMs, event, random } of history) {
      now += waitMs;
      const before = state;
      state = nextState(before, event, policy, now, () => random);
      if (state !== before) look({ before, state, event, now });
    }
  }

  it("moves only along the known edges, and remembers no more than it needs", () => {
    fc.assert(
      fc.property(steps, (history) =>
        walk(history, ({ before, state, now }) => {
          expect(EDGES[before.status]).toContain(state.status);
          expect(state.since).toBe(now);
          expect(state.history.exits.length).toBeLessThanOrEqual(policy.crashLoop.exits);
        }),
      ),
    );
  });

  it("is started again by itself never before its time, and after a stop only by a start", () => {
    fc.assert(
      fc.property(steps, (history) =>
        walk(history, ({ before, state, event, now }) => {
          if (state.status !== "starting") return;
          if ("retryAt" in before) expect(now).toBeGreaterThanOrEqual(before.retryAt);
          else expect(event.type).toBe("start");
        }),
      ),
    );
  });

  it("waits between half the first wait and the cap, and in a crash loop exactly the slow time", () => {
    fc.assert(
      fc.property(steps, (history) =>
        walk(history, ({ state, now }) => {
          if (!("retryAt" in state)) return;
          const wait = state.retryAt - now;
          if (state.status === "crash_looping") return expect(wait).toBe(policy.crashLoop.retryMs);
          expect(wait).toBeGreaterThanOrEqual(policy.backoff.firstMs / 2);
          expect(wait).toBeLessThanOrEqual(policy.backoff.maxMs);
        }),
      ),
    );
  });

  it("is in a crash loop exactly when a plain count of all its exits says so", () => {
    fc.assert(
      fc.property(steps, (history) => {
        let exits: number[] = [];
        let looping = false;
        walk(history, ({ before, state, event, now }) => {
          if (event.type === "start") [exits, looping] = [[], false];
          if (!("retryAt" in state)) return;
          exits.push(now);
          const recent = exits.filter((at) => now - at <= policy.crashLoop.withinMs).length;
          const stable = before.status === "ready" && now - before.since >= policy.stableMs;
          looping = recent >= policy.crashLoop.exits || (looping && !stable);
          expect(state.status).toBe(looping ? "crash_looping" : "backing_off");
        });
      }),
    );
  });
});
