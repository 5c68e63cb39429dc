import { type FSWatcher, realpathSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Tells that some process has committed. */
export interface CommitWatch {
  /** Looks now. */
  look(): void;
  /** Calls `listener` soon after a commit of any process. Returns how to stop. */
  listen(listener: () => void): () => void;
  close(): void;
}

/** Shortest and longest wait between two looks, ms. */
const SHORTEST_MS = 2;
const LONGEST_MS = 500;
/** The longest where the kernel does not tell of writes, as on some network file systems. */
const LONGEST_UNTOLD_MS = 15;
/** A write that is this share of the wait old may still be on its way to its commit. */
const QUIET_SHARE = 1 / 4;

/**
 * Follows the commits of a database. That one is coming the kernel tells (inotify(7)), when its pages are
 * written into the log; but it is there only after the log's flush, which may take a millisecond or a hundred.
 * So the version is looked at from then on, often at first and ever less. While nobody writes, nobody looks.
 *
 * @param path of the database
 * @param version changes with every commit of another connection; reading it costs little
 */
export function commitWatch(path: string, version: () => number): CommitWatch {
  const listeners = new Set<() => void>();
  let seen = 0;
  let writtenAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  let longestMs = LONGEST_MS;

  const look = (): void => {
    if (listeners.size === 0) return;
    const current = version();
    if (current === seen) return;
    seen = current;
    for (const listener of listeners) listener();
  };
  const lookAfter = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      look();
      const quietMs = performance.now() - writtenAt;
      if (listeners.size > 0) lookAfter(Math.min(Math.max(quietMs * QUIET_SHARE, SHORTEST_MS), longestMs));
    }, ms).unref();
  };
  const written = (): void => {
    const pending = performance.now() - writtenAt < SHORTEST_MS;
    writtenAt = performance.now();
    if (!pending) lookAfter(SHORTEST_MS);
  };
  const start = (): void => {
    lookAfter(SHORTEST_MS);
    try {
      // SQLite puts the log beside the file itself, not beside a link to it.
      const real = realpathSync(path);
      const log = `${basename(real)}-wal`;
      watcher = watch(dirname(real), { persistent: false }, (_, name) => name === log && written());
      watcher.on("error", () => {
        longestMs = LONGEST_UNTOLD_MS;
      });
    } catch {
      longestMs = LONGEST_UNTOLD_MS;
    }
  };
  const stop = (): void => {
    clearTimeout(timer);
    watcher?.close();
  };
  return {
    look,
    listen(listener) {
      if (listeners.size === 0) start();
      listeners.add(listener);
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) stop();
      };
    },
    close() {
      listeners.clear();
      stop();
    },
  };
}
