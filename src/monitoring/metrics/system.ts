import { readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Blocks,
  type CpuTimes,
  diskPercent,
  type Memory,
  type Mount,
  parseCpuTimes,
  parseMemory,
  parseMounts,
} from "./procfs.ts";
import type { GaugeHandle, Metrics } from "./registry.ts";

/** The machine at one moment. What could not be read is absent. */
export interface SystemFigures {
  /** Share of all cores that was busy since the sample before; undefined at the first. */
  readonly cpuPercent: number | undefined;
  readonly memory: Memory | undefined;
  /** How full each disk is. One that does not answer in time is absent. */
  readonly disks: readonly { readonly mountPoint: string; readonly percent: number }[];
}

/** Where the figures come from; the real machine by default. */
export interface SystemSource {
  readonly proc?: string;
  readonly statfs?: (path: string) => Promise<Blocks>;
  /** How long one disk may take to answer, ms; 200 by default. */
  readonly timeoutMs?: number;
}

/** CPU shares are taken over at least so many ticks of 10 ms; two scrapes closer together get the same one. */
const SHORTEST_TICKS = 20;

/**
 * Each disk that hangs holds one of the four threads that all file access of the process shares: so many may,
 * and none is asked again while it hangs.
 */
const MOST_HANGING = 2;

/** Samples the machine. @returns a function that takes one sample */
export function systemSampler(source: SystemSource = {}): () => Promise<SystemFigures> {
  const { proc = "/proc", statfs: ask = statfs, timeoutMs = 200 } = source;
  const read = (name: string) => readFile(join(proc, name), "utf8").catch(() => "");
  const hanging = new Set<string>();
  let before: CpuTimes | undefined;
  let cpuPercent: number | undefined;

  function advanceCpu(now: CpuTimes): void {
    const ticks = now.total - (before?.total ?? now.total);
    if (before && ticks < SHORTEST_TICKS) return;
    if (before) cpuPercent = Math.min(100, Math.max(0, (100 * (now.busy - before.busy)) / ticks));
    before = now;
  }

  async function percentOf({ mountPoint, network }: Mount): Promise<number | undefined> {
    if (hanging.has(mountPoint) || (network && hanging.size >= MOST_HANGING)) return undefined;
    hanging.add(mountPoint);
    const answer = ask(mountPoint).then(diskPercent, () => undefined);
    const answered = answer.finally(() => hanging.delete(mountPoint));
    const patience = new AbortController();
    const timeout = sleep(timeoutMs, undefined, { signal: patience.signal }).catch(() => undefined);
    return Promise.race([answered, timeout]).finally(() => patience.abort());
  }

  return async () => {
    const [stat, meminfo, mounts] = await Promise.all([read("stat"), read("meminfo"), read("mounts")]);
    advanceCpu(parseCpuTimes(stat));
    const disks: { mountPoint: string; percent: number }[] = [];
    for (const mount of parseMounts(mounts)) {
      const percent = await percentOf(mount);
      if (percent !== undefined) disks.push({ mountPoint: mount.mountPoint, percent });
    }
    return { cpuPercent, memory: parseMemory(meminfo), disks };
  };
}

type SystemMetrics = Pick<
  Metrics<"ops">,
  | "systemCpuUsagePercent"
  | "systemMemoryUsageBytes"
  | "systemMemoryTotalBytes"
  | "systemDiskUsagePercent"
  | "onScrape"
>;

/** Feeds the `system_` metrics at each scrape. */
export function feedSystem(metrics: SystemMetrics, sample = systemSampler()): void {
  metrics.onScrape(async () => {
    const { cpuPercent, memory, disks } = await sample();
    show(metrics.systemCpuUsagePercent, cpuPercent);
    show(metrics.systemMemoryUsageBytes, memory?.used);
    show(metrics.systemMemoryTotalBytes, memory?.total);
    metrics.systemDiskUsagePercent.clear();
    for (const { mountPoint, percent } of disks) {
      metrics.systemDiskUsagePercent.set({ mount_point: mountPoint }, percent);
    }
  });
}

function show(gauge: GaugeHandle<Record<never, never>>, value: number | undefined): void {
  if (value === undefined) gauge.clear();
  else gauge.set(value);
}
