import { unlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Named places where a fault campaign may end this process with SIGKILL, as a power cut would. Without the
 * variable `DOORBELL_FAILPOINTS` a failpoint is one comparison.
 *
 * A list, `capture.before-record=3,outbox.after-send`, ends each life of this process where it passes that
 * place the third (or first) time. A folder, `run/failpoints`, is for a system that runs: a file in it called
 * `capture.before-record`, or `worker-1:capture.before-record` for one process alone, ends whoever passes
 * first, and is gone with it.
 */
const isDue = dueIn(process.env.DOORBELL_FAILPOINTS);

/** Marks a place between two steps of which a crash must not lose or repeat the effect. */
export function failpoint(name: string): void {
  if (isDue?.(name)) process.kill(process.pid, "SIGKILL");
}

function dueIn(setting: string | undefined): ((name: string) => boolean) | undefined {
  if (!setting) return undefined;
  return setting.startsWith("/") ? dueInFolder(setting) : dueInList(setting);
}

function dueInList(list: string): (name: string) => boolean {
  const left = new Map(
    list.split(",").map((entry) => {
      const [name = "", count = "1"] = entry.split("=");
      return [name.trim(), Number(count)];
    }),
  );
  return (name) => {
    const count = left.get(name);
    if (count === undefined) return false;
    left.set(name, count - 1);
    return count <= 1;
  };
}

function dueInFolder(folder: string): (name: string) => boolean {
  const own = `${process.env.DOORBELL_INSTANCE}:`;
  return (name) => take(join(folder, name)) || take(join(folder, own + name));
}

/** Only one process succeeds in removing a file. */
function take(file: string): boolean {
  try {
    unlinkSync(file);
    return true;
  } catch {
    return false;
  }
}
