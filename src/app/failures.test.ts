import { pino } from "pino";
import { expect, it } from "vitest";
import { createMetrics } from "../monitoring/metrics/registry.ts";
import { StorageError } from "../storage/database.ts";
import { failures } from "./failures.ts";

/** Tells of one error; what was logged and what was counted. */
async function tell(error: unknown, severity?: "error") {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const metrics = createMetrics({ role: "worker", instance: "w" });
  const failed = failures(log, metrics.errorsTotal);
  if (severity) failed("storage", "write something", error, severity);
  else failed("storage", "write something", error);
  const counted = (await metrics.exposition()).split("\n").filter((line) => /^errors_total.* 1$/.test(line));
  return { lines, counted };
}

it("logs an error that was dealt with as a warning, and counts it by its kind", async () => {
  const locked = new StorageError("write: locked", { code: "storage_locked", hint: "-", retryable: true });
  const { lines, counted } = await tell(locked);
  expect(lines).toMatchObject([{ level: 40, msg: "write something", err: { message: "write: locked" } }]);
  expect(counted).toEqual([
    'errors_total{component="storage",error_type="storage",severity="warning",instance="w"} 1',
  ]);
});

it("logs an act that was lost as an error", async () => {
  const { lines, counted } = await tell(new TypeError("x is not a function"), "error");
  expect(lines).toMatchObject([{ level: 50 }]);
  expect(counted).toEqual([
    'errors_total{component="storage",error_type="unexpected",severity="error",instance="w"} 1',
  ]);
});
