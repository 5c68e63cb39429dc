import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { uuidv7 } from "../lib/ids.ts";
import { callInChild } from "../testing/child.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { noSmallDisk, smallDisk } from "../testing/small-disk.ts";
import { keySettings, loadMasterKey, type Owner, openKeyStore } from "./keys.ts";

const MASTER = new Uint8Array(32).fill(7);
const fixture = new URL("./keys.fixture.ts", import.meta.url);

const visit = (id = uuidv7(1_700_000_000_000)): Owner => ({ kind: "visit", id });
const fileOf = (folder: string, { kind, id }: Owner): string =>
  join(folder, kind, id.slice(0, 6), `${id}.key`);

it("makes an owner's key once and finds it again, also when opened anew", async () => {
  const folder = temporaryFolder();
  const owner = visit();
  const key = await openKeyStore(folder, MASTER).ensure(owner);
  expect(key).toHaveLength(32);
  const again = openKeyStore(folder, MASTER);
  expect(await again.ensure(owner)).toEqual(key);
  expect(await again.find(owner)).toEqual(key);
});

it("gives every owner a key of its own, a person another than the visit of the same id", async () => {
  const store = openKeyStore(temporaryFolder(), MASTER);
  const id = uuidv7(0);
  const keys = [await store.ensure({ kind: "visit", id }), await store.ensure({ kind: "person", id })];
  expect(keys[0]).not.toEqual(keys[1]);
});

it("keeps keys wrapped, and for its own user alone", async () => {
  const folder = temporaryFolder();
  const owner = visit();
  const key = await openKeyStore(folder, MASTER).ensure(owner);
  expect(readFileSync(fileOf(folder, owner)).includes(Buffer.from(key))).toBe(false);
  expect(statSync(fileOf(folder, owner)).mode & 0o777).toBe(0o600);
});

it("finds nothing where no key was made", async () => {
  expect(await openKeyStore(temporaryFolder(), MASTER).find(visit())).toBeUndefined();
});

it("destroys a key for good; the next one is another", async () => {
  const store = openKeyStore(temporaryFolder(), MASTER);
  const owner = visit();
  const key = await store.ensure(owner);
  expect(await store.destroy(owner)).toBe(true);
  expect(await store.find(owner)).toBeUndefined();
  expect(await store.destroy(owner)).toBe(false);
  expect(await store.ensure(owner)).not.toEqual(key);
});

it("destroys the second name too that a crash left a key under", async () => {
  const folder = temporaryFolder();
  const owner = visit();
  const env = { DOORBELL_FAILPOINTS: "file.published" };
  await callInChild({ module: fixture, name: "ensureOne", args: [folder, owner.id], env });
  const bucket = join(fileOf(folder, owner), "..");
  expect(readdirSync(bucket)).toHaveLength(2);
  await openKeyStore(folder, MASTER).destroy(owner);
  expect(readdirSync(bucket)).toEqual([]);
});

it("gives two processes that ask at once the same keys", async () => {
  const folder = temporaryFolder();
  const ids = Array.from({ length: 60 }, (_, i) => uuidv7(i));
  const args = [folder, ids, Date.now() + 600];
  const [one, two] = await Promise.all([
    callInChild({ module: fixture, name: "ensureAt", args }),
    callInChild({ module: fixture, name: "ensureAt", args }),
  ]);
  expect(one.answer?.result).toHaveLength(60);
  expect(one.answer).toEqual(two.answer);
});

it("answers with a key while others make and destroy the same one", async () => {
  const store = openKeyStore(temporaryFolder(), MASTER);
  const owner = visit();
  const rounds = Array.from({ length: 40 }, (_, i) => (i % 2 ? store.ensure(owner) : store.destroy(owner)));
  for (const answer of await Promise.all(rounds)) {
    expect(typeof answer === "boolean" || answer.length === 32).toBe(true);
  }
});

it("refuses a key wrapped by another master key, or moved to another owner", async () => {
  const folder = temporaryFolder();
  const [owner, other] = [visit(), visit()];
  await openKeyStore(folder, MASTER).ensure(owner);
  await expect(openKeyStore(folder, randomBytes(32)).ensure(owner)).rejects.toMatchObject({
    code: "sealed_damaged",
  });
  mkdirSync(join(fileOf(folder, other), ".."), { recursive: true });
  renameSync(fileOf(folder, owner), fileOf(folder, other));
  await expect(openKeyStore(folder, MASTER).find(other)).rejects.toMatchObject({ code: "sealed_damaged" });
});

it("says what to look at when the folder is in the way", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "visit"), "a file where a folder should be");
  const store = openKeyStore(folder, MASTER);
  await expect(store.find(visit())).rejects.toMatchObject({ code: "key_failed", retryable: false });
  await expect(store.destroy(visit())).rejects.toMatchObject({ code: "key_failed" });
});

it.skipIf(noSmallDisk)("is retryable on a full disk", async () => {
  using disk = smallDisk(64);
  disk.fill();
  const ensured = openKeyStore(disk.folder, MASTER).ensure(visit());
  await expect(ensured).rejects.toMatchObject({ code: "storage_full", retryable: true });
});

const KEY = randomBytes(32);
afterEach(() => {
  delete process.env.DOORBELL_TEST_MASTER;
});

it("makes a master key at first start and finds it at the second", async () => {
  const folder = join(temporaryFolder(), "keys");
  const key = await loadMasterKey({}, folder);
  expect(key).toHaveLength(32);
  expect(await loadMasterKey({}, folder)).toEqual(key);
  expect(statSync(join(folder, "master.key")).mode & 0o777).toBe(0o600);
});

it("lets two first starts at once agree on one master key", async () => {
  const folder = join(temporaryFolder(), "keys");
  const [one, two] = await Promise.all([loadMasterKey({}, folder), loadMasterKey({}, folder)]);
  expect(one).toEqual(two);
});

it("makes no new master key where the old one is gone and keys are left", async () => {
  const folder = join(temporaryFolder(), "keys");
  await openKeyStore(folder, await loadMasterKey({}, folder)).ensure(visit());
  rmSync(join(folder, "master.key"));
  await expect(loadMasterKey({}, folder)).rejects.toMatchObject({
    code: "master_key_missing",
    retryable: false,
  });
  expect(readdirSync(folder)).toEqual(["visit"]);
});

it("reads the master key from a file, a variable or a command", async () => {
  const file = join(temporaryFolder(), "m");
  const text = KEY.toString("base64");
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  process.env.DOORBELL_TEST_MASTER = text;
  for (const master of [`file:${file}`, "env:DOORBELL_TEST_MASTER", `command:cat ${file} | cat`] as const) {
    expect(await loadMasterKey({ master }, "/nowhere"), master).toEqual(KEY);
  }
});

it.each([
  ["file:/nowhere/master.key", false],
  ["env:DOORBELL_TEST_MASTER", false],
  ["command:exit 3", true],
] as const)("says that there is no master key in %j", async (master, retryable) => {
  await expect(loadMasterKey({ master }, "/nowhere")).rejects.toMatchObject({
    code: "master_key_missing",
    retryable,
  });
});

it("tells no secret when a master key is bad, neither the key nor the command's own", async () => {
  process.env.DOORBELL_TEST_MASTER = "hunter2hunter2";
  const commands = ["echo hunter2", "echo hunter2 >&2; exit 1", "sleep hunter2"];
  for (const master of [
    "env:DOORBELL_TEST_MASTER",
    ...commands.map((line) => `command:${line}` as const),
  ] as const) {
    const error = await loadMasterKey({ master }, "/nowhere").catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: expect.stringMatching(/^master_key_(bad|missing)$/) });
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain("hunter2");
  }
});

it.each(["base64", "http://x", "file:", "command"])("refuses the setting %j", (master) => {
  expect(keySettings.safeParse({ master }).success).toBe(false);
});
