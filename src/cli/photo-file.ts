import { readFile, stat } from "node:fs/promises";
import { PhotoError } from "../doorbell/recognition/photo-error.ts";
import { type PhotoMediaType, sniffPhoto } from "../doorbell/recognition/photo-format.ts";
import { messageOf } from "../lib/errors.ts";
import { CliError } from "./exit.ts";

/** A photo to be sent. */
export interface PhotoFile {
  readonly path: string;
  readonly type: PhotoMediaType;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** No system takes larger ones; its own limit may be lower, bytes. */
const MAX_BYTES = 100_000_000;

/**
 * Reads a photo and looks at its format by the system's own rules, so that a file it would refuse is refused
 * here, in the same words.
 * @throws CliError `file_unreadable`, or `refused` with the codes of `PhotoError`
 */
export async function readPhotoFile(path: string): Promise<PhotoFile> {
  const data = await readBytes(path);
  try {
    return { path, type: sniffPhoto(data), data };
  } catch (error) {
    if (!(error instanceof PhotoError)) throw error;
    throw new CliError(`${path}: ${error.message}`, { code: error.code, hint: error.hint, exit: "refused" });
  }
}

async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await stat(path);
    if (size <= MAX_BYTES) return await readFile(path);
  } catch (error) {
    throw new CliError(`read photo ${path}: ${messageOf(error)}`, {
      code: "file_unreadable",
      hint: "Give the path of a photo that you may read.",
      exit: "failed",
      cause: error,
    });
  }
  throw new CliError(`${path}: read photo: more than ${MAX_BYTES} bytes`, {
    code: "too_large",
    hint: "Send a smaller photo.",
    exit: "refused",
  });
}
