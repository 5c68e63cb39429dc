import { join, resolve } from "node:path";

/** Where everything lies in the data folder; all of it for this user alone. */
export interface Folders {
  readonly data: string;
  readonly database: string;
  /** Copy of the database as it was before the newest migrations. */
  readonly snapshot: string;
  readonly keys: string;
  readonly captures: string;
  readonly logs: string;
  /** Converted face nets: can be made again at any time. */
  readonly models: string;
  /** Sockets and the supervisor's lock. */
  readonly run: string;
  /** Socket of the command line on this machine. */
  readonly localSocket: string;
}

/** The folders under `dataDir`, which may be relative to where the program was started. */
export function foldersIn(dataDir: string, release: string): Folders {
  const data = resolve(dataDir);
  return {
    data,
    database: join(data, "doorbell.db"),
    snapshot: join(data, `before-${release}.db`),
    keys: join(data, "keys"),
    captures: join(data, "captures"),
    logs: join(data, "logs"),
    models: join(data, "models"),
    run: join(data, "run"),
    localSocket: join(data, "run", "web.sock"),
  };
}
