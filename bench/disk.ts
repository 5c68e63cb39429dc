import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The disk under a folder, as far as a durable write feels it. */
export interface Disk {
  /** Its file system, such as `ext4`. */
  readonly fileSystem: string;
  /** Median of a 4 KiB append and its flush, ms. */
  readonly flushMs: number;
  /** False in memory, or where a flush returns before anything can have been written: then nothing is durable. */
  readonly isReal: boolean;
}

const FLUSHES = 300;
/** No disk answers a flush so fast, ms. */
const TOO_FAST_MS = 0.02;
const IN_MEMORY = ["tmpfs", "ramfs"];

/** A new folder on a disk, not in memory as `/tmp` often is; `using` removes it. @param parent `/var/tmp` by default */
export function benchFolder(parent = "/var/tmp"): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(parent, "doorbell-bench-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Measures the disk under a folder. */
export function measureDisk(folder: string): Disk {
  const file = join(folder, "flush");
  const block = Buffer.alloc(4096, 1);
  const descriptor = openSync(file, "w");
  const times = Array.from({ length: FLUSHES }, () => {
    const began = performance.now();
    writeSync(descriptor, block);
    fsyncSync(descriptor);
    return performance.now() - began;
  });
  closeSync(descriptor);
  rmSync(file);
  const flushMs = times.toSorted((a, b) => a - b)[FLUSHES >> 1]!;
  const fileSystem = fileSystemOf(folder);
  return { fileSystem, flushMs, isReal: !IN_MEMORY.includes(fileSystem) && flushMs >= TOO_FAST_MS };
}

/** From /proc/self/mounts: the mount with the longest path above the folder. */
function fileSystemOf(folder: string): string {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, point = ""]) => `${folder}/`.startsWith(point.endsWith("/") ? point : `${point}/`))
    .sort(([, a = ""], [, b = ""]) => b.length - a.length);
  return mounts[0]?.[2] ?? "unknown";
}
