import { type Backoff, backoffMs } from "../../../lib/backoff.ts";

/** What a process does: `web` answers HTTP, `worker` runs the pipeline, `ops` everything else. */
export type Role = "web" | "worker" | "ops";

/** One process that should run. Its name is unique and becomes its `instance` in metrics. */
export interface WantedProcess {
  readonly name: string;
  readonly role: Role;
}

/** The processes of one release: `ops`, `web`, `worker-1` to `worker-N`. */
export function wantedProcesses(workers: number): WantedProcess[] {
  const pool = Array.from({ length: workers }, (_, i) => ({
    name: `worker-${i + 1}`,
    role: "worker" as const,
  }));
  return [{ name: "ops", role: "ops" }, { name: "web", role: "web" }, ...pool];
}

/** When a process that ended is started again. */
export interface RestartPolicy {
  readonly backoff: Backoff;
  /** A process that was ready this long has earned a clean slate, ms. */
  readonly stableMs: number;
  readonly crashLoop: {
    /** So many exits ... */
    readonly exits: number;
    /** ... within this time are a crash loop, ms. */
    readonly withinMs: number;
    /** In a crash loop it is tried this seldom, but always again: a household has no operator, ms. */
    readonly retryMs: number;
  };
}

/** Half a second doubling to ten; a minute is stable; five exits in a minute are a loop, tried every two. */
export const defaultRestartPolicy: RestartPolicy = {
  backoff: { firstMs: 500, maxMs: 10_000 },
  stableMs: 60_000,
  crashLoop: { exits: 5, withinMs: 60_000, retryMs: 120_000 },
};

/** What is remembered of a process across its lives. */
interface History {
  /** Times of the latest exits nobody asked for, as many as make a loop at most, oldest first, monotonic ms. */
  readonly exits: readonly number[];
  /** Exits in a row without a stable time between. */
  readonly failures: number;
  /** In a crash loop, and not stable since. */
  readonly looping: boolean;
  /** Starts after an exit nobody asked for, ever. */
  readonly restarts: number;
  /** How the latest life ended, such as `exit code 1`. */
  readonly lastExit?: string;
}

/** Where a process can be without a date to leave. */
type Settled = "stopped" | "starting" | "ready" | "stopping";

/** The state of one process and the time it began. Times are monotonic, ms. */
export type ProcessState = { readonly since: number; readonly history: History } & (
  | { readonly status: Settled }
  | { readonly status: "backing_off" | "crash_looping"; readonly retryAt: number }
);

/** What happens to a process. `retry` does nothing before its time. */
export type ProcessEvent =
  | { readonly type: "start" | "ready" | "stop" | "retry" }
  | { readonly type: "exited"; readonly reason: string };

/** Where each event leads; nowhere, if it is not there. How an exit nobody asked for ends is `afterFailure`. */
const NEXT: Record<ProcessState["status"], Partial<Record<ProcessEvent["type"], Settled>>> = {
  stopped: { start: "starting" },
  starting: { ready: "ready", stop: "stopping" },
  ready: { stop: "stopping" },
  stopping: { exited: "stopped" },
  backing_off: { retry: "starting", stop: "stopped" },
  crash_looping: { retry: "starting", stop: "stopped" },
};

/** A process that has not been started. @param since monotonic time, ms */
export function neverStarted(since: number): ProcessState {
  return { status: "stopped", since, history: { exits: [], failures: 0, looping: false, restarts: 0 } };
}

/**
 * The next state of a process; the same object when the event changes nothing.
 * @param now monotonic time, ms
 * @param random in [0, 1), for the jitter of the backoff
 */
export function nextState(
  state: ProcessState,
  event: ProcessEvent,
  policy: RestartPolicy,
  now: number,
  random?: () => number,
): ProcessState {
  const running = state.status === "starting" || state.status === "ready";
  if (running && event.type === "exited") return afterFailure(state, event.reason, policy, now, random);
  const status = NEXT[state.status][event.type];
  const tooEarly = event.type === "retry" && "retryAt" in state && now < state.retryAt;
  if (status === undefined || tooEarly) return state;
  return { status, since: now, history: remember(state.history, event) };
}

function remember(history: History, event: ProcessEvent): History {
  switch (event.type) {
    case "start":
      // Someone asked for it: what went wrong before is forgiven.
      return { ...history, exits: [], failures: 0, looping: false };
    case "retry":
      return { ...history, restarts: history.restarts + 1 };
    case "exited":
      return { ...history, lastExit: event.reason };
    default:
      return history;
  }
}

function afterFailure(
  state: ProcessState,
  reason: string,
  policy: RestartPolicy,
  now: number,
  random?: () => number,
): ProcessState {
  const { exits: limit, withinMs, retryMs } = policy.crashLoop;
  const stable = state.status === "ready" && now - state.since >= policy.stableMs;
  const exits = [...state.history.exits, now].slice(-limit);
  const failures = stable ? 1 : state.history.failures + 1;
  const looping =
    (state.history.looping && !stable) || (exits.length === limit && now - exits[0]! <= withinMs);
  const history = { ...state.history, exits, failures, looping, lastExit: reason };
  if (looping) return { status: "crash_looping", since: now, retryAt: now + retryMs, history };
  const retryAt = now + backoffMs(policy.backoff, failures, random);
  return { status: "backing_off", since: now, retryAt, history };
}
