import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DoorbellError, isRetryable, messageOf } from "../lib/errors.ts";
import { createFileDurably, isDiskFull, removeFileDurably } from "../lib/files.ts";
import { resolveSecret, restart, SecretError, type SecretReference, secret } from "../lib/settings.ts";
import { seal, unseal } from "./envelope.ts";

/** Whose data a key protects: one key per visit (its captures and faces) and one per person. */
export interface Owner {
  readonly kind: "visit" | "person";
  /** UUID. */
  readonly id: string;
}

/**
 * Data keys, each wrapped by the master key in a file of its own, outside the database: destroying the
 * file makes all that it sealed unreadable, in every copy of the database too.
 */
export interface KeyStore {
  /** The owner's key, made when there is none. 32 bytes. */
  ensure(owner: Owner): Promise<Uint8Array>;
  /** The owner's key; undefined when there never was one or it was destroyed. */
  find(owner: Owner): Promise<Uint8Array | undefined>;
  /** Makes all that the key sealed unreadable for good. False when it was gone already. */
  destroy(owner: Owner): Promise<boolean>;
}

/** What went wrong with a key. */
export class KeyError extends DoorbellError {}

/** Where the master key comes from. */
export const keySettings = z
  .strictObject({
    master: restart(secret().optional()).describe(
      "Where the master key is kept: 32 bytes in base64. Without it, `keys/master.key` in the data folder is made at first start.",
    ),
  })
  .prefault({});

/** Opens the key store in `folder` under a master key of 32 bytes. */
export function openKeyStore(folder: string, master: Uint8Array): KeyStore {
  // UUIDs of version 7 begin with the time: the bucket keeps folders small, a new one every five hours.
  const pathOf = ({ kind, id }: Owner): string => join(folder, kind, id.slice(0, 6), `${id}.key`);
  const contextOf = ({ kind, id }: Owner): string => `key:${kind}:${id}`;

  const find = async (owner: Owner): Promise<Uint8Array | undefined> => {
    const wrapped = await readFile(pathOf(owner)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw keyError(`read key of ${owner.kind} ${owner.id}`, error);
    });
    return wrapped && unseal(master, wrapped, contextOf(owner));
  };
  const make = async (owner: Owner): Promise<Uint8Array | undefined> => {
    const key = randomBytes(32);
    const made = await createFileDurably(pathOf(owner), seal(master, key, contextOf(owner))).catch(
      (error: unknown) => {
        throw keyError(`write key of ${owner.kind} ${owner.id}`, error);
      },
    );
    return made ? key : undefined;
  };
  return {
    find,
    async ensure(owner) {
      // Another process may make the same key, or destroy it, between a look and a try.
      for (;;) {
        const key = (await find(owner)) ?? (await make(owner));
        if (key) return key;
      }
    },
    destroy: (owner) =>
      removeFileDurably(pathOf(owner)).catch((error: unknown) => {
        throw keyError(`destroy key of ${owner.kind} ${owner.id}`, error);
      }),
  };
}

/**
 * The master key from where the configuration says; made at first start where it says nothing.
 * @param folder of the key store, an absolute path
 * @throws KeyError `master_key_missing`, `master_key_bad`
 */
export async function loadMasterKey(
  settings: z.infer<typeof keySettings>,
  folder: string,
): Promise<Uint8Array> {
  const ownFile = join(folder, "master.key");
  // Keys without their master key are a loss to be told, not a first start.
  if (settings.master === undefined && !(await holdsKeys(folder))) {
    await createFileDurably(ownFile, `${randomBytes(32).toString("base64")}\n`);
  }
  const reference: SecretReference = settings.master ?? `file:${ownFile}`;
  const key = Buffer.from(await readMaster(reference), "base64");
  if (key.length === 32) return key;
  throw new KeyError(`read master key from ${spoken(reference)}: it has ${key.length} bytes, not 32`, {
    code: "master_key_bad",
    hint: "Give 32 random bytes in base64, as `openssl rand -base64 32` prints them. Without the key that this data was sealed under, nothing in it can be read.",
  });
}

async function holdsKeys(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.includes("visit") || names.includes("person");
}

/** A command line may hold a secret of its own. */
function spoken(reference: SecretReference): string {
  return reference.startsWith("command:") ? "the command" : reference;
}

async function readMaster(reference: SecretReference): Promise<string> {
  try {
    return await resolveSecret(reference);
  } catch (error) {
    throw new KeyError(`read master key from ${spoken(reference)}: it cannot be read`, {
      code: "master_key_missing",
      hint: `Without the master key no capture and no name can be read. Bring back the file, variable or command that held it. ${error instanceof SecretError ? error.hint : ""}`.trim(),
      // Without its cause: that one quotes a command line.
      retryable: isRetryable(error),
    });
  }
}

function keyError(doing: string, cause: unknown): KeyError {
  const full = isDiskFull(cause);
  return new KeyError(`${doing}: ${messageOf(cause)}`, {
    code: full ? "storage_full" : "key_failed",
    hint: full
      ? "The disk is full. Free some space."
      : "Look at the rights of the key folder and at the disk.",
    retryable: full,
    cause,
  });
}
