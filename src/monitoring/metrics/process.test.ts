import { afterEach, describe, expect, it } from "vitest";
import { feedProcess } from "./process.ts";
import { createMetrics } from "./registry.ts";

let stop = () => {};
afterEach(() => stop());

async function scrape(metrics: { exposition(): Promise<string> }): Promise<Record<string, number>> {
  const lines = (await metrics.exposition()).matchAll(/^((?:nodejs|process)_\w+)\{instance="s"\} (\S+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]));
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 60));

describe("the metrics of the process itself", () => {
  it("are those of this process", async () => {
    const metrics = createMetrics({ role: "ops", instance: "s" });
    stop = feedProcess(metrics);
    const first = await scrape(metrics);
    const { user, system } = process.cpuUsage();
    expect(Math.abs(first.process_cpu_seconds_total! - (user + system) / 1e6)).toBeLessThan(0.5);
    expect(first.process_resident_memory_bytes).toBeGreaterThan(10e6);
    expect(first.nodejs_heap_size_used_bytes).toBeGreaterThan(1e6);
    expect(Math.abs(first.process_start_time_seconds! - (Date.now() / 1000 - process.uptime()))).toBeLessThan(
      2,
    );
    const second = await scrape(metrics);
    expect(second.process_cpu_seconds_total).toBeGreaterThanOrEqual(first.process_cpu_seconds_total!);
    expect(second.process_cpu_seconds_total).toBeLessThan(2 * first.process_cpu_seconds_total! + 1);
  });

  it("show an event loop that was held up, once", async () => {
    const metrics = createMetrics({ role: "ops", instance: "s" });
    stop = feedProcess(metrics);
    await turn();
    block(300);
    await turn();
    expect((await scrape(metrics)).nodejs_eventloop_lag_p99_seconds).toBeGreaterThan(0.2);
    await turn();
    expect((await scrape(metrics)).nodejs_eventloop_lag_p99_seconds).toBeLessThan(0.2);
  });
});
