import { expect, it } from "vitest";
import { manualClock } from "../../../lib/clock.ts";
import type { Child, ChildEvents } from "./child.ts";
import { eventually, quickRestart } from "./fixtures/household.ts";
import { wantedProcesses } from "./process-plan.ts";
import { type ProcessTable, processTable } from "./process-table.ts";

/** A table whose children live only in memory, and its clock. */
function tableOf(start: (name: string, events: ChildEvents) => Child) {
  const clock = manualClock();
  const table = processTable(quickRestart, {
    now: () => clock.moment().uptimeMs,
    start: ({ name }, events) => start(name, events),
    onChange: () => {},
  });
  return { clock, table };
}

const statuses = (table: ProcessTable) =>
  Object.fromEntries(table.status().map(({ name, status }) => [name, status]));

/** Becomes ready at once, and stops at once. */
function goodChild(events: ChildEvents): Child {
  queueMicrotask(events.ready);
  return {
    pid: 1,
    stop: () => queueMicrotask(() => events.exited("exit code 0")),
    reload: async () => ({ outcome: "reloaded", detail: "" }),
  };
}

it("survives a process that cannot even be started, and tries it again at its time", async () => {
  let tries = 0;
  const { clock, table } = tableOf((_name, events) => {
    tries += 1;
    if (tries === 1) throw new Error("spawn ENOMEM");
    return goodChild(events);
  });
  table.want([{ name: "ops", role: "ops" }]);
  await eventually(() => statuses(table).ops === "backing_off");
  expect(table.status()[0]).toMatchObject({ lastExit: "start failed: spawn ENOMEM" });
  // The timer comes now and then, but the clock that decides stands still.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(tries).toBe(1);
  clock.advance(quickRestart.backoff.maxMs);
  await eventually(() => statuses(table).ops === "ready");
});

it("lets go of what is no longer wanted, and takes it back when it is wanted again meanwhile", async () => {
  const { table } = tableOf((_name, events) => goodChild(events));
  table.want(wantedProcesses(2));
  await eventually(() => Object.values(statuses(table)).every((status) => status === "ready"));
  table.want(wantedProcesses(1));
  expect(statuses(table)["worker-2"]).toBe("stopping");
  table.want(wantedProcesses(2));
  await eventually(() => statuses(table)["worker-2"] === "ready");
  table.want([]);
  await table.unwantedGone();
  expect(table.status()).toEqual([]);
});

it("waits with all others until ops is ready", async () => {
  let opsEvents: ChildEvents | undefined;
  const { table } = tableOf((name, events) => {
    if (name !== "ops") return goodChild(events);
    opsEvents = events;
    return { ...goodChild({ ...events, ready: () => {} }) };
  });
  table.want(wantedProcesses(1));
  expect(statuses(table)).toEqual({ ops: "starting", web: "stopped", "worker-1": "stopped" });
  opsEvents?.ready();
  await eventually(() => statuses(table).web === "ready" && statuses(table)["worker-1"] === "ready");
});
