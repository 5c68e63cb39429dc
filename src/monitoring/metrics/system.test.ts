import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../testing/guard.ts";
import type { Blocks } from "./procfs.ts";
import { createMetrics } from "./registry.ts";
import { feedSystem, systemSampler } from "./system.ts";

const HALF: Blocks = { blocks: 100, bfree: 50, bavail: 50 };

/** A `/proc` of files. */
function machine() {
  const proc = join(temporaryFolder(), "proc");
  mkdirSync(proc);
  return {
    proc,
    cpu: (busy: number, idle: number) =>
      writeFileSync(join(proc, "stat"), `cpu  ${busy} 0 0 ${idle} 0 0 0 0 0 0\n`),
    mounts: (text: string) => writeFileSync(join(proc, "mounts"), text),
  };
}

const never = () => new Promise<never>(() => {});

describe("sampling the system", () => {
  it("takes the CPU share between two samples", async () => {
    const { proc, cpu } = machine();
    const sample = systemSampler({ proc });
    cpu(1000, 5000);
    expect((await sample()).cpuPercent).toBeUndefined();
    cpu(1030, 5070);
    expect((await sample()).cpuPercent).toBe(30);
  });

  it("gives two scrapes at about the same time the same share", async () => {
    const { proc, cpu } = machine();
    const sample = systemSampler({ proc });
    cpu(1000, 5000);
    await sample();
    cpu(1050, 5050);
    await sample();
    cpu(1052, 5050);
    expect((await sample()).cpuPercent).toBe(50);
    cpu(1150, 5050);
    expect((await sample()).cpuPercent).toBe(100);
  });

  it("leaves out the figures whose file is missing", async () => {
    const { proc } = machine();
    expect(await systemSampler({ proc })()).toEqual({ cpuPercent: undefined, memory: undefined, disks: [] });
  });

  it("leaves out a disk that fails or hangs, and keeps the others", async () => {
    const { proc, mounts } = machine();
    mounts(
      "/dev/a / ext4 rw 0 0\nnas:/x /nas nfs4 rw 0 0\n/dev/b /broken ext4 rw 0 0\n/dev/c /data xfs rw 0 0\n",
    );
    const answers: Record<string, () => Promise<Blocks>> = {
      "/": async () => HALF,
      "/nas": never,
      "/broken": async () => Promise.reject(new Error("EIO")),
      "/data": async () => ({ ...HALF, bfree: 25, bavail: 25 }),
    };
    const sample = systemSampler({ proc, statfs: (path) => answers[path]!(), timeoutMs: 5 });
    expect((await sample()).disks).toEqual([
      { mountPoint: "/", percent: 50 },
      { mountPoint: "/data", percent: 75 },
    ]);
  });

  it("asks no disk again while it hangs, and no third network disk while two hang", async () => {
    const { proc, mounts } = machine();
    const far = ["/a", "/b", "/c"].map((path) => `nas:${path} ${path} nfs4 rw 0 0\n`);
    mounts(`${far.join("")}/dev/a / ext4 rw 0 0\n`);
    const asked: string[] = [];
    let wake = (_: Blocks): void => {};
    const statfs = (path: string): Promise<Blocks> => {
      asked.push(path);
      if (path === "/") return Promise.resolve(HALF);
      return new Promise((resolve) => {
        wake = resolve;
      });
    };
    const sample = systemSampler({ proc, statfs, timeoutMs: 5 });
    await sample();
    await sample();
    expect(asked).toEqual(["/a", "/b", "/", "/"]);
    wake(HALF);
    await sample();
    expect(asked.slice(4)).toEqual(["/b", "/"]);
  });

  it("agrees with df and free about this machine", async () => {
    const { memory, disks } = await systemSampler()();
    const free = execFileSync("free", ["-b"], { encoding: "utf8" });
    expect(memory?.total).toBe(Number(/^Mem: +(\d+)/m.exec(free)?.[1]));
    expect(disks.length).toBeGreaterThan(0);
    for (const { mountPoint, percent } of disks) {
      const df = execFileSync("df", ["--output=pcent", mountPoint], { encoding: "utf8" });
      expect(Math.abs(Number(/(\d+)%/.exec(df)?.[1]) - percent)).toBeLessThanOrEqual(1.5);
    }
  });
});

describe("the system's metrics", () => {
  it("lose a disk that is gone, and a figure that cannot be read any more", async () => {
    const { proc, mounts } = machine();
    mounts("/dev/a / ext4 rw 0 0\n/dev/b /usb exfat rw 0 0\n");
    writeFileSync(join(proc, "meminfo"), "MemTotal: 10 kB\nMemAvailable: 4 kB\n");
    const metrics = createMetrics({ role: "ops", instance: "o" });
    feedSystem(metrics, systemSampler({ proc, statfs: async () => HALF }));
    const samples = async () => (await metrics.exposition()).match(/^system_(?:mem|disk).*$/gm);
    expect(await samples()).toEqual([
      'system_memory_usage_bytes{instance="o"} 6144',
      'system_memory_total_bytes{instance="o"} 10240',
      'system_disk_usage_percent{mount_point="/",instance="o"} 50',
      'system_disk_usage_percent{mount_point="/usb",instance="o"} 50',
    ]);
    mounts("/dev/a / ext4 rw 0 0\n");
    writeFileSync(join(proc, "meminfo"), "");
    expect(await samples()).toEqual(['system_disk_usage_percent{mount_point="/",instance="o"} 50']);
  });
});
