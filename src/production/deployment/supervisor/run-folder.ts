import { chmodSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../lib/errors.ts";
import { killHard, processesWith } from "./proc.ts";
import { SupervisorError } from "./supervisor-error.ts";

/** Where the supervisor of a data folder keeps what it needs while it runs. */
export interface RunFolder {
  readonly folder: string;
  readonly lock: string;
  readonly pid: string;
  /** UNIX socket of the control protocol. */
  readonly control: string;
  /** UNIX socket that answers `GET /metrics`. */
  readonly metrics: string;
}

/** The run folder of a data folder: names only. @param dataFolder an absolute path */
export function runFolder(dataFolder: string): RunFolder {
  const folder = join(dataFolder, "run");
  return {
    folder,
    lock: join(folder, "supervisor.lock"),
    pid: join(folder, "supervisor.pid"),
    control: join(folder, "supervisor.sock"),
    metrics: join(folder, "supervisor.metrics.sock"),
  };
}

/**
 * Creates the run folder for its owner alone. The names it answers are free of symbolic links: the same data
 * folder has the same name to every supervisor.
 * @throws SupervisorError `run_folder_unusable`
 */
export function prepareRunFolder(dataFolder: string): RunFolder {
  const { folder } = runFolder(dataFolder);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const paths = runFolder(realpathSync(dataFolder));
    // sockaddr_un.sun_path holds 107 bytes (unix(7)).
    if (Buffer.byteLength(paths.metrics) > 107) throw new Error("path too long for a UNIX socket");
    return paths;
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

/**
 * Takes the lock of the run folder until `close`, or until this process ends in whatever way: the lock is the
 * kernel's (fcntl), taken through SQLite because Node itself offers none. Children do not inherit it.
 * @throws SupervisorError `supervisor_running`, `run_folder_unusable`
 */
export function lockRunFolder({ folder, lock, pid }: RunFolder): { close(): void } {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(lock);
    database.exec("BEGIN EXCLUSIVE");
    writeFileSync(pid, `${process.pid}\n`);
    return database;
  } catch (cause) {
    database?.close();
    if (!messageOf(cause).includes("locked")) throw unusable(folder, cause);
    const message = `start supervisor: process ${holder(pid)} supervises ${dirname(folder)} already`;
    throw new SupervisorError("supervisor_running", message, cause);
  }
}

/** The environment variable by which a child is known as one of this run folder's. */
export const RUN_FOLDER_VARIABLE = "DOORBELL_RUN_FOLDER";

/**
 * Waits for the children of a supervisor that was killed: they stop by themselves, and hold the socket until
 * then. Kills those that are not done in time, and goes on without waiting for what even that does not end.
 */
export async function outliveLeftovers({ folder }: RunFolder, withinMs: number): Promise<void> {
  const STEP_MS = 100;
  const left = () => processesWith(RUN_FOLDER_VARIABLE, folder);
  for (let waited = 0; waited < 2 * withinMs && left().length > 0; waited += STEP_MS) {
    if (waited >= withinMs) left().forEach(killHard);
    await sleep(STEP_MS);
  }
}

function holder(pidFile: string): string {
  try {
    return readFileSync(pidFile, "utf8").trim();
  } catch {
    return "unknown";
  }
}

function unusable(folder: string, cause: unknown): SupervisorError {
  return new SupervisorError("run_folder_unusable", `use run folder ${folder}: ${messageOf(cause)}`, cause);
}
