import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics } from "./registry.ts";

/** The metrics that every process feeds of itself. */
export type ProcessMetrics = Pick<
  Metrics<"web">,
  | "nodejsEventloopLagP99Seconds"
  | "nodejsHeapSizeUsedBytes"
  | "processResidentMemoryBytes"
  | "processCpuSecondsTotal"
  | "processStartTimeSeconds"
  | "onScrape"
>;

/** How often the event loop is probed, ms. */
const RESOLUTION_MS = 20;

/** Feeds the metrics of this process itself at each scrape. @returns how it is stopped */
export function feedProcess(metrics: ProcessMetrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let cpuSeconds = 0;
  metrics.processStartTimeSeconds.set(performance.timeOrigin / 1000);
  metrics.onScrape(() => {
    // The histogram counts the probe's own interval in.
    const lagMs = delay.count > 0 ? Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS) : 0;
    delay.reset();
    metrics.nodejsEventloopLagP99Seconds.set(lagMs / 1000);

    const { user, system } = process.cpuUsage();
    metrics.processCpuSecondsTotal.inc((user + system) / 1e6 - cpuSeconds);
    cpuSeconds = (user + system) / 1e6;

    const { heapUsed, rss } = process.memoryUsage();
    metrics.nodejsHeapSizeUsedBytes.set(heapUsed);
    metrics.processResidentMemoryBytes.set(rss);
  });
  return () => delay.disable();
}
