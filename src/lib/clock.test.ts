import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { callInChild } from "../testing/child.ts";
import { isPast, type Moment, manualClock, systemClock } from "./clock.ts";

it("tells moments that processes of one boot can compare", async () => {
  const before = systemClock().moment();
  const { answer } = await callInChild({
    module: new URL("./clock.fixture.ts", import.meta.url),
    name: "momentNow",
    args: [],
  });
  const after = systemClock().moment();
  const theirs = answer?.result as Moment;
  expect(theirs.boot).toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  expect(before.boot).toBe(theirs.boot);
  expect(theirs.uptimeMs).toBeGreaterThanOrEqual(before.uptimeMs);
  expect(theirs.uptimeMs).toBeLessThanOrEqual(after.uptimeMs);
});

it("counts whole milliseconds of uptime and of the epoch", () => {
  const { uptimeMs } = systemClock().moment();
  expect(Number.isInteger(uptimeMs)).toBe(true);
  expect(Math.abs(systemClock().now() - Date.now())).toBeLessThan(1000);
});

it("calls a moment past from its own millisecond on, and always after a reboot", () => {
  const moment = { boot: "a", uptimeMs: 100 };
  expect(isPast(moment, { boot: "a", uptimeMs: 99 })).toBe(false);
  expect(isPast(moment, { boot: "a", uptimeMs: 100 })).toBe(true);
  expect(isPast(moment, { boot: "b", uptimeMs: 0 })).toBe(true);
});

it("moves by hand: both clocks forward, the wall clock alone, or into a new boot", () => {
  const clock = manualClock(5_000);
  const first = clock.moment();
  clock.advance(10);
  expect([clock.now(), clock.moment().uptimeMs - first.uptimeMs]).toEqual([5_010, 10]);
  clock.setWall(1);
  expect([clock.now(), clock.moment().uptimeMs - first.uptimeMs]).toEqual([1, 10]);
  clock.reboot();
  expect(clock.moment().uptimeMs).toBe(0);
  expect(clock.moment().boot).not.toBe(first.boot);
  expect(isPast(first, clock.moment())).toBe(true);
});
