import { EventEmitter, once } from "node:events";
import { messageOf } from "../../../lib/errors.ts";
import type { Child, ChildEvents, ReloadAnswer } from "./child.ts";
import type { ProcessStatus } from "./control.ts";
import type { RestartPolicy, WantedProcess } from "./process-plan.ts";
import { neverStarted, nextState, type ProcessEvent, type ProcessState } from "./process-plan.ts";
import { SupervisorError } from "./supervisor-error.ts";

/** What the table needs. */
export interface ProcessTableDeps {
  /** Monotonic time, ms. */
  now(): number;
  /** Starts a process. May throw: that is one failed life. */
  start(process: WantedProcess, events: ChildEvents): Child;
  /** Told of every new state. Must not throw. */
  onChange(name: string, state: ProcessState): void;
}

/** The processes that are wanted and those that are still there, and what moves the latter to the former. */
export interface ProcessTable {
  /** Makes these, and no others, the wanted ones. */
  want(processes: readonly WantedProcess[]): void;
  /** The wanted ones. */
  wanted(): WantedProcess[];
  /** Resolves when those that are not wanted are gone. */
  unwantedGone(): Promise<void>;
  /** As `Controlled.restart`; the names. */
  restart(name: string): string[];
  /** As `Controlled.reload`. */
  reload(): Promise<Record<string, ReloadAnswer>>;
  status(): ProcessStatus[];
}

interface Slot extends WantedProcess {
  state: ProcessState;
  wanted: boolean;
  child?: Child | undefined;
  retry?: NodeJS.Timeout;
}

/**
 * An empty table. `ops` starts before all others, for it may have to migrate the database first: they start
 * from when it was ready once. If it only crashes they start all the same: a doorbell without its operations is
 * better than none, and a process that meets an old schema says so itself.
 */
export function processTable(policy: RestartPolicy, deps: ProcessTableDeps): ProcessTable {
  const slots = new Map<string, Slot>();
  const changes = new EventEmitter().setMaxListeners(0);
  let open = false;

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(changes, "change");
  }

  /** Whether a process has come up, or has failed so often that waiting for it helps nobody. */
  function settled({ wanted, state }: Slot): boolean {
    const { looping, failures } = state.history;
    const hopeless = "retryAt" in state && (looping || failures >= policy.crashLoop.exits);
    return !wanted || state.status === "ready" || hopeless;
  }

  function apply(slot: Slot, event: ProcessEvent): void {
    const before = slot.state;
    slot.state = nextState(before, event, policy, deps.now());
    if (slot.state === before) return;
    clearTimeout(slot.retry);
    deps.onChange(slot.name, slot.state);
    if (slot.state.status === "starting") start(slot);
    else if (slot.state.status === "stopping") slot.child?.stop();
    else retryInTime(slot);
    if (slot.role === "ops" && slot.wanted) open ||= settled(slot);
    for (const other of [...slots.values()]) reconcile(other);
    changes.emit("change");
  }

  /** Moves a process towards what is wanted. */
  function reconcile(slot: Slot): void {
    const stopped = slot.state.status === "stopped";
    if (slot.wanted && stopped && (open || slot.role === "ops")) apply(slot, { type: "start" });
    else if (!slot.wanted && stopped) slots.delete(slot.name);
    else if (!slot.wanted) apply(slot, { type: "stop" });
  }

  function start(slot: Slot): void {
    const exited = (reason: string) => {
      slot.child = undefined;
      apply(slot, { type: "exited", reason });
    };
    try {
      slot.child = deps.start(slot, { ready: () => apply(slot, { type: "ready" }), exited });
    } catch (error) {
      // Too little memory for one more process, say.
      queueMicrotask(() => exited(`start failed: ${messageOf(error)}`));
    }
  }

  function retryInTime(slot: Slot): void {
    if (!("retryAt" in slot.state)) return;
    // A timer may fire a little before its time by the other clock: then it is set once more.
    const leftMs = slot.state.retryAt - deps.now();
    if (leftMs > 0) slot.retry = setTimeout(() => retryInTime(slot), leftMs);
    else apply(slot, { type: "retry" });
  }

  async function restartInOrder(chosen: readonly Slot[]): Promise<void> {
    for (const slot of chosen) {
      apply(slot, { type: "stop" });
      if (slot.role === "ops") await until(() => settled(slot));
    }
  }

  const table = () => [...slots.values()];
  return {
    want(processes) {
      for (const slot of slots.values()) slot.wanted = false;
      for (const { name, role } of processes) {
        const slot = slots.get(name);
        if (slot) slot.wanted = true;
        else slots.set(name, { name, role, wanted: true, state: neverStarted(deps.now()) });
      }
      for (const slot of table()) reconcile(slot);
    },
    wanted: () => table().filter(({ wanted }) => wanted),
    unwantedGone: () => until(() => table().every(({ wanted }) => wanted)),
    restart(name) {
      const chosen = table().filter((slot) => name === "all" || name === slot.name);
      if (chosen.length === 0)
        throw new SupervisorError("unknown_process", `restart ${name}: no such process`);
      void restartInOrder(chosen);
      return chosen.map((slot) => slot.name);
    },
    async reload() {
      const answers = table().map(async ({ name, child, state }) => {
        const absent: ReloadAnswer = { outcome: "no_answer", detail: `process is ${state.status}` };
        return [name, child ? await child.reload() : absent] as const;
      });
      return Object.fromEntries(await Promise.all(answers));
    },
    status: () => table().map((slot) => statusOf(slot, deps.now())),
  };
}

function statusOf({ name, role, wanted, state, child }: Slot, now: number): ProcessStatus {
  const { status, since, history } = state;
  return {
    name,
    role,
    wanted,
    status,
    forMs: now - since,
    restarts: history.restarts,
    ...(child?.pid !== undefined && { pid: child.pid }),
    ...("retryAt" in state && { retryInMs: Math.max(0, state.retryAt - now) }),
    ...(history.lastExit !== undefined && { lastExit: history.lastExit }),
  };
}
