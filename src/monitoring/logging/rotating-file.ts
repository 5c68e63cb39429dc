import { mkdirSync, openSync, writeSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { makeFolder } from "../../lib/files.ts";

/** Where lines go, and what is kept. */
export interface RotatingFileConfig {
  readonly folder: string;
  /** The file is `NAME.log`; those put aside are `NAME.log.1` and up, the highest number the newest. */
  readonly name: string;
  /** Size at which a file is put aside, bytes. */
  readonly maxBytes: number;
  /** How many files put aside are kept. */
  readonly keepFiles: number;
  /** Age at which any log file of the folder is removed, days since its last line. */
  readonly keepDays: number;
}

/** What a rotating file needs. */
export interface RotatingFileDeps {
  readonly clock: Pick<Clock, "now">;
  /** Told once when writing begins to fail. Lines wait, up to a bound, until it works again. */
  readonly onFailure: (error: unknown) => void;
  /** Told when writing works again, how many lines were lost meanwhile. */
  readonly onLost: (lines: number) => void;
}

/** A file that lines are appended to. Nothing here ever throws or waits: a log must not stop the program. */
export interface RotatingFile {
  /** @param line with its line break */
  write(line: string): void;
  /** Resolves when what was written is in the file, or cannot get there for now. */
  flush(): Promise<void>;
  /** Writes what still waits, as far as it goes at once: for a process that ends. */
  flushSync(): void;
  /** Writes what still waits, and closes. */
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** Lines beyond this are dropped while they cannot be written, UTF-16 units. */
const MOST_WAITING = 4_194_304;
/** About how much is written at once, UTF-16 units. */
const CHUNK = 65_536;

/**
 * Appends to a file of one process, mode 0600, which is put aside when it is full or a day old.
 *
 * Of our own, because pino-roll brings all of date-fns (4 MB in each process), and because sonic-boom, on
 * which it and pino's files stand, never returns from its flush at exit while the disk is full.
 */
export function rotatingFile(config: RotatingFileConfig, deps: RotatingFileDeps): RotatingFile {
  const { folder, name, maxBytes, keepFiles, keepDays } = config;
  const path = join(folder, `${name}.log`);
  const waiting: string[] = [];
  let waitingLength = 0;
  let lost = 0;
  let failing = false;
  /** Taken from `waiting`, not in the file yet. */
  let rest = Buffer.alloc(0);
  /** Whether the kernel has `rest` in its hands. */
  let sending = false;
  let file: { handle: FileHandle; size: number; begun: number } | undefined;
  let writing: Promise<void> | undefined;

  async function begin() {
    await makeFolder(folder);
    const handle = await open(path, "a", 0o600);
    const { size, birthtimeMs } = await handle.stat();
    await prune().catch(() => {});
    return { handle, size, begun: size > 0 ? birthtimeMs : deps.clock.now() };
  }

  /** The file that the next bytes belong into: a new one where this one is full or a day old. */
  async function fileFor(bytes: number) {
    file ??= await begin();
    const { handle, size, begun } = file;
    if (size === 0 || (size + bytes <= maxBytes && deps.clock.now() - begun < DAY_MS)) return file;
    const newest = (await filesAside())[0]?.number ?? 0;
    await rename(path, `${path}.${newest + 1}`).catch(() => {});
    file = undefined;
    await handle.close();
    file = await begin();
    return file;
  }

  /** The files of this process that were put aside, newest first. */
  async function filesAside(): Promise<{ number: number; entry: string }[]> {
    return (await readdir(folder))
      .filter((entry) => entry.startsWith(`${name}.log.`))
      .map((entry) => ({ entry, number: Number(entry.slice(name.length + 5)) }))
      .filter(({ number }) => Number.isInteger(number))
      .sort((a, b) => b.number - a.number);
  }

  /** Removes what is too many of this process, and what is too old of any, also of one that is long gone. */
  async function prune(): Promise<void> {
    for (const { entry } of (await filesAside()).slice(keepFiles))
      await rm(join(folder, entry), { force: true });
    const oldest = deps.clock.now() - keepDays * DAY_MS;
    for (const entry of await readdir(folder)) {
      if (entry === `${name}.log` || !/\.log(\.\d+)?$/.test(entry)) continue;
      const { mtimeMs } = await stat(join(folder, entry));
      if (mtimeMs < oldest) await rm(join(folder, entry), { force: true });
    }
  }

  async function writeAll(): Promise<void> {
    // First the lines that are logged in the same breath: they go together, and `writing` is set by then.
    await Promise.resolve();
    try {
      while (rest.length > 0 || waiting.length > 0) {
        if (rest.length === 0) rest = take();
        const into = await fileFor(rest.length);
        sending = true;
        const { bytesWritten } = await into.handle.write(rest).finally(() => {
          sending = false;
        });
        into.size += bytesWritten;
        rest = rest.subarray(bytesWritten);
        if (rest.length === 0) recovered();
      }
    } catch (error) {
      if (!failing) deps.onFailure(error);
      failing = true;
      // Opened anew at the next line: what is wrong may be the file itself.
      await file?.handle.close().catch(() => {});
      file = undefined;
    }
    writing = undefined;
  }

  function take(): Buffer<ArrayBuffer> {
    let length = 0;
    let lines = 0;
    while (lines < waiting.length && length < CHUNK) length += waiting[lines++]!.length;
    waitingLength -= length;
    return Buffer.from(waiting.splice(0, lines).join(""));
  }

  function recovered(): void {
    const lines = lost;
    failing = false;
    lost = 0;
    if (lines > 0) deps.onLost(lines);
  }

  function flush(): Promise<void> {
    writing ??= writeAll();
    return writing;
  }

  return {
    write(line) {
      if (waitingLength + line.length > MOST_WAITING) lost += 1;
      else {
        waiting.push(line);
        waitingLength += line.length;
      }
      void flush();
    },
    flushSync() {
      try {
        if (!file) mkdirSync(folder, { recursive: true, mode: 0o700 });
        const descriptor = file?.handle.fd ?? openSync(path, "a", 0o600);
        if (!sending) writeSync(descriptor, rest);
        while (waiting.length > 0) writeSync(descriptor, take());
      } catch {
        // The disk is full, and there is nobody left to tell.
      }
    },
    flush,
    async close() {
      await flush();
      await file?.handle.close();
      file = undefined;
    },
  };
}
