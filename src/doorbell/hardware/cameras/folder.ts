import { constants, type Dirent } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../lib/clock.ts";
import { messageOf } from "../../../lib/errors.ts";
import { type Camera, CameraError, type Frame } from "./camera.ts";
import { MAX_FRAME_BYTES, pictureFormat } from "./picture-format.ts";
import type { FolderSettings } from "./settings.ts";
import { pause, snapshotCamera } from "./snapshot-camera.ts";

/** A file may still be written while its last change is younger than this, ms. */
const SETTLE_MS = 100;

const PICTURE_NAME = /^[^.].*\.(jpe?g|png|webp)$/i;

/** A picture file, its time of last change and size. */
interface Entry {
  readonly name: string;
  readonly changedAt: number;
  readonly size: number;
}

type Skipped = "symbolic link" | "unfinished" | "too large" | "no picture" | "too old" | "unreadable";

/**
 * Pictures that something else drops into a folder, such as a camera's FTP upload; subfolders are not looked
 * into. Newest first, each at most once a capture and none older than `maxAgeMs` at the press, so that
 * yesterday's visitor is never taken for today's; or by name, round and round.
 * Symbolic links are never followed, for whoever may write here must not make us read other files.
 * A frame costs about 20 ms for each 1,000 files: whoever fills the folder shall empty it, too.
 */
export function folderCamera(
  config: Omit<FolderSettings, "driver">,
  deps: { readonly clock: Clock },
): Camera {
  const { clock } = deps;
  let lastName = "";

  return snapshotCamera("folder", clock, (request) => {
    const given = new Set<string>();
    return async (signal) => {
      const skipped: Skipped[] = [];
      const entries = await list(config.path, skipped);
      const oldest = (request.pressedAt ?? clock.now()) - config.maxAgeMs;
      const wanted =
        config.order === "name"
          ? inTurn(entries, lastName)
          : newest(entries, oldest, skipped).filter((entry) => !given.has(version(entry)));
      for (const entry of wanted) {
        const result = await readFrame(config.path, entry, clock, signal);
        if (typeof result === "string") {
          skipped.push(result);
          continue;
        }
        given.add(version(entry));
        lastName = entry.name;
        return result;
      }
      if (given.size > 0) return undefined;
      throw nothingIn(config.path, skipped);
    };
  });
}

/** A camera that writes over its own file gives a new picture under the old name. */
const version = (entry: Entry): string => `${entry.name} ${entry.changedAt}`;

/** By name, starting after the one given last. */
function inTurn(entries: readonly Entry[], lastName: string): Entry[] {
  const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [
    ...sorted.filter((entry) => entry.name > lastName),
    ...sorted.filter((entry) => entry.name <= lastName),
  ];
}

/** Newest first, without those that changed before `oldest`. */
function newest(entries: readonly Entry[], oldest: number, skipped: Skipped[]): Entry[] {
  const fresh = entries.filter((entry) => entry.changedAt >= oldest);
  for (let old = entries.length - fresh.length; old > 0; old--) skipped.push("too old");
  return fresh.sort((a, b) => b.changedAt - a.changedAt || (a.name < b.name ? 1 : -1));
}

async function list(path: string, skipped: Skipped[]): Promise<Entry[]> {
  const found = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadableFolder(path, error);
  });
  const pictures = found.filter((entry) => PICTURE_NAME.test(entry.name));
  for (const entry of pictures) if (entry.isSymbolicLink()) skipped.push("symbolic link");
  const entries = await Promise.all(
    pictures.filter((entry) => entry.isFile()).map((entry) => stat(path, entry)),
  );
  return entries.filter((entry) => entry !== undefined);
}

/** What is known of a file without opening it; undefined when it has gone meanwhile. */
async function stat(path: string, entry: Dirent): Promise<Entry | undefined> {
  const facts = await lstat(join(path, entry.name)).catch(() => undefined);
  return facts && { name: entry.name, changedAt: facts.mtimeMs, size: facts.size };
}

/** The file as a frame, or why it is none. */
async function readFrame(
  path: string,
  entry: Entry,
  clock: Clock,
  signal: AbortSignal,
): Promise<Frame | Skipped> {
  if (entry.size > MAX_FRAME_BYTES) return "too large";
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(path, entry.name), flags).catch(() => undefined);
  if (file === undefined) return "unreadable";
  try {
    const bytes = Buffer.alloc(entry.size);
    const { bytesRead } = await file.read(bytes, 0, entry.size, 0);
    // A change in the future is a clock set back, or another machine's: then only waiting tells.
    const quietMs = clock.now() - entry.changedAt;
    if (quietMs < SETTLE_MS) await pause(SETTLE_MS, signal);
    const after = await file.stat();
    const settled = after.isFile() && after.size === bytesRead && after.mtimeMs === entry.changedAt;
    const format = settled ? pictureFormat(bytes) : "cut";
    if (format === "no-picture") return "no picture";
    return format === "cut" ? "unfinished" : { bytes, mediaType: format, takenAt: entry.changedAt };
  } finally {
    await file.close();
  }
}

function nothingIn(path: string, skipped: readonly Skipped[]): CameraError {
  const counts = Map.groupBy(skipped, (reason) => reason);
  const tally = [...counts].map(([reason, all]) => `${all.length} ${reason}`).join(", ");
  return new CameraError(
    `read camera folder ${path}: no finished picture${tally && ` (skipped: ${tally})`}`,
    {
      code: "camera_empty",
      hint: "Look whether the camera still delivers JPEG, PNG or WebP files into this folder; `maxAgeMs` says how old one may be.",
      retryable: true,
    },
  );
}

function unreadableFolder(path: string, error: unknown): CameraError {
  const denied = ["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "");
  return new CameraError(`read camera folder ${path}: ${messageOf(error)}`, {
    code: denied ? "camera_refused" : "camera_off",
    hint: denied
      ? "Let the user that runs the doorbell read this folder and list it."
      : "Create the folder, mount its disk, or correct `path` in the camera's settings.",
    retryable: !denied,
    cause: error,
  });
}
