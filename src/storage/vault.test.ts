import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { uuidv7 } from "../lib/ids.ts";
import { callInChild } from "../testing/child.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { noSmallDisk, smallDisk } from "../testing/small-disk.ts";
import { openKeyStore } from "./keys.ts";
import { fileVault, type VaultObject } from "./vault.ts";

const MASTER = new Uint8Array(32).fill(7);
const picture = Buffer.from("the pixels of a face at the door");

function vaultIn(folder = join(temporaryFolder(), "captures")) {
  const keys = openKeyStore(join(temporaryFolder(), "keys"), MASTER);
  return { folder, keys, vault: fileVault(folder, keys) };
}

const object = (id = uuidv7(1)): VaultObject => ({ owner: { kind: "visit", id: uuidv7(1) }, id });
const fileOf = (folder: string, { owner, id }: VaultObject): string =>
  join(folder, owner.kind, owner.id.slice(0, 6), `${id}.sealed`);

it("gives back what was put, the last under the same id, and shows none of it on the disk", async () => {
  const { folder, vault } = vaultIn();
  const it = object();
  await vault.put(it, Buffer.from("an older one"));
  await vault.put(it, picture);
  expect(await vault.get(it)).toEqual(picture);
  expect(readFileSync(fileOf(folder, it)).includes("pixels")).toBe(false);
});

it("holds an empty picture and one of 8 MB", async () => {
  const { vault } = vaultIn();
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(8_000_000, 5)]) {
    const it = object();
    await vault.put(it, bytes);
    expect((await vault.get(it)) as Buffer).toEqual(bytes);
  }
});

it("has nothing under an id that was never put, or was removed", async () => {
  const { vault } = vaultIn();
  const it = object();
  expect(await vault.get(it)).toBeUndefined();
  await vault.put(it, picture);
  await vault.remove(it);
  await vault.remove(it);
  expect(await vault.get(it)).toBeUndefined();
  expect(await vault.get({ ...it, id: uuidv7(2) })).toBeUndefined();
});

it("has nothing once the owner's key is destroyed, though the file is there", async () => {
  const { folder, keys, vault } = vaultIn();
  const it = object();
  await vault.put(it, picture);
  await keys.destroy(it.owner);
  expect(await vault.get(it)).toBeUndefined();
  expect(readFileSync(fileOf(folder, it)).length).toBeGreaterThan(0);
  await keys.ensure(it.owner);
  await expect(vault.get(it)).rejects.toMatchObject({ code: "sealed_damaged" });
});

it("refuses a file that was altered, cut, or put in the place of another", async () => {
  const { folder, vault } = vaultIn();
  const [it, other] = [object(), object()];
  const sibling = { ...it, id: uuidv7(3) };
  await vault.put(it, picture);
  await vault.put(sibling, picture);
  const whole = readFileSync(fileOf(folder, it));
  const altered = Buffer.from(whole);
  altered[20]! ^= 1;
  for (const bytes of [
    altered,
    whole.subarray(0, -1),
    Buffer.alloc(0),
    readFileSync(fileOf(folder, sibling)),
  ]) {
    writeFileSync(fileOf(folder, it), bytes);
    await expect(vault.get(it)).rejects.toMatchObject({ name: "EnvelopeError", code: "sealed_damaged" });
  }
  await vault.put(other, picture);
  renameSync(fileOf(folder, sibling), fileOf(folder, other));
  await expect(vault.get(other)).rejects.toMatchObject({ code: "sealed_damaged" });
});

it("says what to look at when the folder is in the way", async () => {
  const { folder, vault } = vaultIn(join(temporaryFolder(), "captures"));
  writeFileSync(folder, "a file where a folder should be");
  const it = object();
  await expect(vault.put(it, picture)).rejects.toMatchObject({ name: "VaultError", code: "vault_failed" });
  await expect(vault.get(it)).rejects.toMatchObject({ code: "vault_failed" });
  await expect(vault.remove(it)).rejects.toMatchObject({ code: "vault_failed" });
});

it.skipIf(noSmallDisk)(
  "is retryable on a full disk, keeps the old picture and leaves no half one",
  async () => {
    using disk = smallDisk(512);
    const { vault } = vaultIn(disk.folder);
    const it = object();
    await vault.put(it, picture);
    const free = disk.fill();
    const put = vault.put(it, Buffer.alloc(200_000));
    await expect(put).rejects.toMatchObject({ code: "storage_full", retryable: true });
    expect(await vault.get(it)).toEqual(picture);
    expect(readdirSync(join(fileOf(disk.folder, it), ".."))).toHaveLength(1);
    free();
    await vault.put(it, Buffer.alloc(200_000));
    expect(await vault.get(it)).toHaveLength(200_000);
  },
);

it("keeps the old picture when the process dies while it writes the new one", async () => {
  const { folder, keys, vault } = vaultIn();
  const it = object();
  await vault.put(it, picture);
  const { signal } = await callInChild({
    module: new URL("../lib/files.ts", import.meta.url),
    name: "writeFileDurably",
    args: [fileOf(folder, it), "half of a new one"],
    env: { DOORBELL_FAILPOINTS: "file.before-publish" },
  });
  expect(signal).toBe("SIGKILL");
  expect(await fileVault(folder, keys).get(it)).toEqual(picture);
});
