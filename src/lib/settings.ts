import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { DoorbellError } from "./errors.ts";

/** Whether a changed setting takes effect by `doorbell config reload` or only by a restart. */
export type Reload = "live" | "restart";

/** Marks a key, or a section with every key in it that has no mark of its own, as reloadable. */
export function live<S extends z.ZodType>(schema: S): S {
  return schema.meta({ ...schema.meta(), reload: "live" satisfies Reload });
}

/** Marks a key, or a section with every key in it that has no mark of its own, as read at start only. */
export function restart<S extends z.ZodType>(schema: S): S {
  return schema.meta({ ...schema.meta(), reload: "restart" satisfies Reload });
}

/** Where a secret is kept: an environment variable, a file with mode 0600, or a command that prints it. */
export type SecretReference = `${"env" | "file" | "command"}:${string}`;

/** What a secret key takes, in words. */
export const SECRET_HINT = "a reference: env:NAME, file:/absolute/path or command:program arguments";

const REFERENCE = /^(env:[A-Za-z_]\w*|file:\/.+|command:.*\S.*)$/;

/** A key whose value is secret: the configuration holds a `SecretReference`, never the secret itself. */
export function secret() {
  const error = `must be ${SECRET_HINT}; never the secret itself`;
  return z
    .templateLiteral([z.enum(["env", "file", "command"]), ":", z.string()], { error })
    .refine((reference) => REFERENCE.test(reference), { error })
    .meta({ secret: true });
}

/** Thrown when a secret cannot be read. Its message holds the reference, never a word of the secret. */
export class SecretError extends DoorbellError {}

const MAX_BYTES = 64 * 1024;
const COMMAND_TIMEOUT_MS = 10_000;

/**
 * Reads the secret behind a reference, without the white space around it. To be called late, and the result
 * kept only where it is used: it must not reach a log, an error or a child's arguments.
 * @throws SecretError when it is absent, empty, over 64 KiB, or in a file that others may read
 */
export async function resolveSecret(
  reference: SecretReference,
  env: NodeJS.ProcessEnv = process.env,
  signal?: AbortSignal,
): Promise<string> {
  const colon = reference.indexOf(":");
  const place = reference.slice(colon + 1);
  const text = (await read(reference.slice(0, colon), place, env, signal)).trim();
  if (text === "") {
    throw failure(
      reference,
      "secret_empty",
      "there is nothing in it",
      "Put the secret where the reference points.",
    );
  }
  return text;
}

function read(
  kind: string,
  place: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): string | Promise<string> {
  if (kind === "env") return env[place] ?? "";
  return kind === "file" ? readSecretFile(place) : runSecretCommand(place, env, signal);
}

function failure(reference: string, code: string, why: string, hint: string, retryable = false): SecretError {
  return new SecretError(`read secret ${reference}: ${why}`, { code, hint, retryable });
}

async function readSecretFile(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    // Without waiting: opening a pipe that nobody writes to would hang.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if ((found.mode & 0o044) !== 0) {
      throw failure(`file:${path}`, "secret_exposed", "others may read this file", `Run: chmod 600 ${path}`);
    }
    if (!found.isFile() || found.size > MAX_BYTES) {
      throw failure(
        `file:${path}`,
        "secret_unreadable",
        "not a file of at most 64 KiB",
        "Name the right file.",
      );
    }
    return await file.readFile("utf8");
  } catch (error) {
    if (error instanceof SecretError) throw error;
    const why = (error as NodeJS.ErrnoException).code ?? "not a readable file";
    throw failure(`file:${path}`, "secret_unreadable", why, "Check the path and who owns the file.");
  } finally {
    await file?.close();
  }
}

async function runSecretCommand(
  command: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string> {
  try {
    const limits = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_BYTES, env, ...(signal && { signal }) };
    return (await promisify(execFile)("/bin/sh", ["-c", command], limits)).stdout;
  } catch (error) {
    // The error of execFile quotes what the command wrote: of it only the exit status goes on.
    const { code, killed } = error as { code?: number | string; killed?: boolean };
    const why = killed ? "no answer within 10 seconds" : `ended with ${code ?? "a signal"}`;
    throw failure(`command:${command}`, "secret_command_failed", why, "Run the command by hand.", true);
  }
}
