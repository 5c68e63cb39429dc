import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync } from "node:fs";
import { link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { failpoint } from "./failpoint.ts";

/** Modes of all that the system writes: for its own user alone. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** How the names of files end that are not whole yet. */
const SUFFIX = ".tmp";

/** Makes a folder (and those above it) for this user alone, so that it is still there after a crash. */
export async function makeFolder(path: string): Promise<void> {
  const wanted = resolve(path);
  const firstMade = await mkdir(wanted, { recursive: true, mode: FOLDER_MODE });
  if (firstMade === undefined) return;
  for (let made = wanted; made.length >= firstMade.length; made = dirname(made)) {
    await flushFolder(dirname(made));
  }
}

/**
 * Writes a whole file so that a crash leaves the old one or the new one, never half of it: a temporary
 * name, flushed, renamed, and the folder flushed.
 */
export async function writeFileDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  await withTemporary(path, bytes, (temporary) => rename(temporary, path));
}

/** As `writeFileDurably`, but an existing file wins: then nothing is written and the answer is false. */
export async function createFileDurably(path: string, bytes: Uint8Array | string): Promise<boolean> {
  return withTemporary(path, bytes, async (temporary) => {
    try {
      await link(temporary, path);
      failpoint("file.published");
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/**
 * Creates an empty file for this user alone where there is none and where there can be one. One that is
 * there is not even opened: closing it again would drop the locks that SQLite holds on it for this process.
 */
export function createEmptyFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", FILE_MODE));
  } catch {
    // Whoever opens it next says better why it cannot.
  }
}

/** Gives a whole file its name, in place of what had it, so that a crash leaves one of the two. */
export function publishFile(temporary: string, path: string): void {
  flushNow(temporary);
  renameSync(temporary, path);
  flushNow(dirname(path));
}

function flushNow(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes a file so that it stays removed after a crash. False when it was not there. */
export async function removeFileDurably(path: string): Promise<boolean> {
  try {
    await removeTemporaryNames(path);
    await rm(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  await flushFolder(dirname(path));
  return true;
}

/** A crash while it was created may have left a file under its temporary name as well. */
async function removeTemporaryNames(path: string): Promise<void> {
  const { nlink } = await stat(path);
  if (nlink === 1) return;
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (name.startsWith(prefix) && name.endsWith(SUFFIX))
      await rm(join(dirname(path), name), { force: true });
  }
}

/** True when a write failed because the disk, or this user's share of it, is full. */
export function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT";
}

async function withTemporary<T>(
  path: string,
  bytes: Uint8Array | string,
  publish: (temporary: string) => Promise<T>,
): Promise<T> {
  const folder = dirname(path);
  await makeFolder(folder);
  const temporary = `${path}.${randomBytes(6).toString("hex")}${SUFFIX}`;
  try {
    const file = await open(temporary, "wx", FILE_MODE);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    failpoint("file.before-publish");
    const result = await publish(temporary);
    await flushFolder(folder);
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
