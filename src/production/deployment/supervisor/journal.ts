import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SupervisorError } from "./supervisor-error.ts";

/** A release that can be run. */
export interface Release {
  /** Its version, which is also the lane of its work. */
  readonly version: string;
  /** Absolute path of the program's entry. */
  readonly entry: string;
}

/** Which release is active, over restarts of the supervisor. */
export interface Journal {
  /** Version of this format. */
  readonly v: 1;
  readonly active: Release;
  /** The one active before, to go back to. */
  readonly previous?: Release;
  /** When `active` became so, ms since the epoch. */
  readonly since: number;
}

/**
 * Reads the journal; undefined before the first start. What is no journal is moved aside first: the next start
 * is free to begin anew, and a person can look at it.
 * @param now ms since the epoch, for the name of what is moved aside
 * @throws SupervisorError `journal_unreadable`, `journal_newer` (that one stays in place)
 */
export function readJournal(file: string, now: number): Journal | undefined {
  if (!existsSync(file)) return undefined;
  const value = parse(readFileSync(file, "utf8"));
  if (isJournal(value)) return value;
  const version = (value as { v?: unknown } | undefined)?.v;
  if (typeof version === "number" && version > 1) {
    throw new SupervisorError(
      "journal_newer",
      `read journal ${file}: of a newer supervisor (format ${version})`,
    );
  }
  const aside = `${file}.refused-${now}`;
  renameSync(file, aside);
  throw new SupervisorError(
    "journal_unreadable",
    `read journal ${file}: torn, or no journal; kept as ${aside}`,
  );
}

/** Writes the journal so that a power cut leaves the old one or the new one, whole. */
export function writeJournal(file: string, journal: Journal): void {
  const temporary = `${file}.new`;
  writeFileSync(temporary, `${JSON.stringify(journal)}\n`, { mode: 0o600, flush: true });
  renameSync(temporary, file);
  const folder = openSync(dirname(file), "r");
  fsyncSync(folder);
  closeSync(folder);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

function isJournal(value: unknown): value is Journal {
  const { v, active, previous, since } = (value ?? {}) as Partial<Journal>;
  return (
    v === 1 && isRelease(active) && (previous === undefined || isRelease(previous)) && Number.isFinite(since)
  );
}

function isRelease(value: unknown): value is Release {
  const { version, entry } = (value ?? {}) as Partial<Release>;
  return typeof version === "string" && typeof entry === "string";
}
