import { type Database, storageError } from "../database.ts";
import { commitWatch } from "./commit-watch.ts";
import { openConnection } from "./connection.ts";
import { kyselyOn } from "./dialect.ts";
import { inlineWriter, type Writer, type WriterDeps, writerGone, writerThread } from "./writer-thread.ts";

/** How a process opens the database. */
export interface SqliteConfig {
  /** The database file; its folder exists. */
  readonly path: string;
  /** Module of the writer thread, or `inline` to write on this thread. */
  readonly writer: URL | "inline";
}

/**
 * Opens the database for one process: one connection that reads, here, and one that writes.
 * @throws StorageError when the file cannot be opened
 */
export function openSqlite(config: SqliteConfig, deps: Partial<WriterDeps> = {}): Database {
  const reader = openConnection(config.path, { readOnly: false });
  reader.exec("pragma query_only = on");
  const watch = commitWatch(config.path, reader.dataVersion);
  const told: WriterDeps = {
    onCommit(figures) {
      deps.onCommit?.(figures);
      watch.look();
    },
    onLost: (error) => deps.onLost?.(error),
  };
  const writer: Writer =
    config.writer === "inline"
      ? inlineWriter(config.path, told)
      : writerThread(config.writer, config.path, told);

  const closeAll = async (): Promise<void> => {
    watch.close();
    await writer.close();
    reader.close();
  };
  let closed: Promise<void> | undefined;
  return {
    read: kyselyOn((sql, parameters) => {
      try {
        return reader.execute(sql, parameters);
      } catch (error) {
        throw storageError("read", error);
      }
    }),
    async write(act, args) {
      if (closed) throw writerGone();
      return writer.write(act, args) as ReturnType<typeof act.run>;
    },
    onCommit: watch.listen,
    close() {
      closed ??= closeAll();
      return closed;
    },
  };
}
