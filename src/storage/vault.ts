import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DoorbellError, messageOf } from "../lib/errors.ts";
import { isDiskFull, removeFileDurably, writeFileDurably } from "../lib/files.ts";
import { seal, unseal } from "./envelope.ts";
import type { KeyStore, Owner } from "./keys.ts";

/** One stored picture and whose key it lies under. */
export interface VaultObject {
  readonly owner: Owner;
  /** UUID; the same id written twice holds what was written last. */
  readonly id: string;
}

/** Encrypted pictures. */
export interface Vault {
  /** Durable when it resolves. @throws VaultError `storage_full`, retryable */
  put(object: VaultObject, bytes: Uint8Array): Promise<void>;
  /** Undefined when it was never there, was removed, or its key was destroyed. @throws EnvelopeError when altered */
  get(object: VaultObject): Promise<Uint8Array | undefined>;
  /** Removes it for good; no error when it is gone already. */
  remove(object: VaultObject): Promise<void>;
}

/** What went wrong with a stored picture. */
export class VaultError extends DoorbellError {}

/** A vault of files in `folder`, each sealed under its owner's key. */
export function fileVault(folder: string, keys: KeyStore): Vault {
  const pathOf = ({ owner, id }: VaultObject): string =>
    join(folder, owner.kind, owner.id.slice(0, 6), `${id}.sealed`);
  const contextOf = ({ owner, id }: VaultObject): string => `vault:${owner.kind}:${owner.id}:${id}`;
  return {
    async put(object, bytes) {
      const key = await keys.ensure(object.owner);
      await writeFileDurably(pathOf(object), seal(key, bytes, contextOf(object))).catch((cause: unknown) => {
        throw vaultError(`store picture ${object.id}`, cause);
      });
    },
    async get(object) {
      const key = await keys.find(object.owner);
      if (!key) return undefined;
      const sealed = await readFile(pathOf(object)).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === "ENOENT") return undefined;
        throw vaultError(`read picture ${object.id}`, cause);
      });
      return sealed && unseal(key, sealed, contextOf(object));
    },
    async remove(object) {
      await removeFileDurably(pathOf(object)).catch((cause: unknown) => {
        throw vaultError(`remove picture ${object.id}`, cause);
      });
    },
  };
}

function vaultError(doing: string, cause: unknown): VaultError {
  const full = isDiskFull(cause);
  return new VaultError(`${doing}: ${messageOf(cause)}`, {
    code: full ? "storage_full" : "vault_failed",
    hint: full
      ? "The disk is full. Free some space, or move the data folder; nothing accepted before was lost."
      : "Look at the rights of the captures folder and at the disk.",
    retryable: true,
    cause,
  });
}
