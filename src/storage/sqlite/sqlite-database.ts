import type { CommitFigures, Database } from "../database.ts";
import { openConnection } from "./connection.ts";
import { kyselyOn } from "./dialect.ts";
import { inlineWriter, type Writer, writerThread } from "./writer-thread.ts";

/** How a process opens the database. */
export interface SqliteConfig {
  /** The database file; its folder exists. */
  readonly path: string;
  /** Module of the writer thread, or `inline` to write on this thread. */
  readonly writer: URL | "inline";
  /** How often a commit of another process is looked for, ms: one read of shared memory. */
  readonly watchIntervalMs?: number;
}

/** Told what each commit of this process cost. */
export interface SqliteDeps {
  readonly onCommit?: (figures: CommitFigures) => void;
}

/**
 * Opens the database for one process: one connection that reads, here, and one that writes.
 * @throws StorageError when the file cannot be opened
 */
export function openSqlite(config: SqliteConfig, deps: SqliteDeps = {}): Database {
  const watch = commitWatch(config.watchIntervalMs ?? 15, () => reader.dataVersion());
  const committed = (figures: CommitFigures): void => {
    deps.onCommit?.(figures);
    watch.look();
  };
  const writer: Writer =
    config.writer === "inline"
      ? inlineWriter(config.path, committed)
      : writerThread(config.writer, config.path, committed);
  const reader = openConnection(config.path, { readOnly: false });
  reader.exec("pragma query_only = on");

  return {
    read: kyselyOn(reader),
    write: (act, args) => writer.write(act, args) as ReturnType<typeof act.run>,
    onCommit: watch.listen,
    async close() {
      watch.close();
      await writer.close();
      reader.close();
    },
  };
}

/** Looks at the data version now and then, as long as somebody listens. */
function commitWatch(intervalMs: number, version: () => number) {
  const listeners = new Set<() => void>();
  let seen = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (listeners.size === 0) return;
    const current = version();
    if (current === seen) return;
    seen = current;
    for (const listener of listeners) listener();
  };
  return {
    look,
    listen(listener: () => void) {
      listeners.add(listener);
      timer ??= setInterval(look, intervalMs).unref();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    close() {
      listeners.clear();
      clearInterval(timer);
    },
  };
}
