import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./guard.ts";

/** A disk of its own that can be full. */
export interface SmallDisk extends Disposable {
  readonly folder: string;
  /** Takes all that is free; the answer gives it back. */
  fill(): () => void;
}

/** Why there is no small disk here; undefined where there is one. With REQUIRE_SERVICES=1 that is an error. */
export const noSmallDisk: string | undefined = trial();

/** Mounts a tmpfs. @param kib its size */
export function smallDisk(kib: number): SmallDisk {
  const folder = join(temporaryFolder(), "disk");
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", folder], { stdio: "pipe" });
  return {
    folder,
    fill() {
      const ballast = join(folder, "ballast");
      for (let size = kib * 1024; size >= 512; size /= 2) {
        try {
          writeFileSync(ballast, Buffer.alloc(size), { flag: "a" });
        } catch {
          // No room for this much: half of it.
        }
      }
      return () => writeFileSync(ballast, "");
    },
    [Symbol.dispose]: () => void execFileSync("umount", ["--lazy", folder]),
  };
}

function trial(): string | undefined {
  try {
    smallDisk(64)[Symbol.dispose]();
    return undefined;
  } catch (error) {
    const why = `no tmpfs can be mounted: ${error instanceof Error ? error.message : error}`;
    if (process.env.REQUIRE_SERVICES === "1") throw new Error(why);
    return why;
  }
}
