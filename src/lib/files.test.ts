import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { callInChild } from "../testing/child.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { noSmallDisk, smallDisk } from "../testing/small-disk.ts";
import {
  createEmptyFile,
  createFileDurably,
  makeFolder,
  removeFileDurably,
  writeFileDurably,
} from "./files.ts";

const inChild = (
  name: string,
  args: readonly unknown[],
  how: { env?: Record<string, string>; shell?: string },
) => callInChild({ module: new URL("./files.ts", import.meta.url), name, args, ...how });

const modeOf = (path: string): number => statSync(path).mode & 0o777;

it("writes a file and replaces it, and leaves nothing beside it", async () => {
  const path = join(temporaryFolder(), "deep", "er", "a");
  await writeFileDurably(path, "one");
  await writeFileDurably(path, Uint8Array.of(116, 119, 111));
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(readdirSync(join(path, ".."))).toEqual(["a"]);
});

it("creates a file once: the one that is there wins", async () => {
  const path = join(temporaryFolder(), "a");
  expect(await createFileDurably(path, "one")).toBe(true);
  expect(await createFileDurably(path, "two")).toBe(false);
  expect(readFileSync(path, "utf8")).toBe("one");
  expect(readdirSync(join(path, ".."))).toEqual(["a"]);
});

it("lets one of many creators win, and all of them read the winner's bytes", async () => {
  const path = join(temporaryFolder(), "a");
  const texts = Array.from({ length: 20 }, (_, i) => `writer ${i}`);
  const won = await Promise.all(texts.map((text) => createFileDurably(path, text)));
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(readFileSync(path, "utf8")).toBe(texts[won.indexOf(true)]);
});

it("removes a file, and says whether it was there", async () => {
  const path = join(temporaryFolder(), "a");
  await writeFileDurably(path, "one");
  expect(await removeFileDurably(path)).toBe(true);
  expect(await removeFileDurably(path)).toBe(false);
  expect(existsSync(path)).toBe(false);
});

it.each(["0", "022", "077"])("writes for its own user alone under umask %s", async (umask) => {
  const folder = join(temporaryFolder(), "new");
  const path = join(folder, "a");
  await inChild("writeFileDurably", [path, "one"], { shell: `umask ${umask}` });
  await inChild("createFileDurably", [`${path}.2`, "two"], { shell: `umask ${umask}` });
  expect([modeOf(folder), modeOf(path), modeOf(`${path}.2`)]).toEqual([0o700, 0o600, 0o600]);
});

it("creates an empty file for its own user alone, and leaves one that is there as it is", () => {
  const path = join(temporaryFolder(), "a");
  createEmptyFile(path);
  expect([modeOf(path), readFileSync(path, "utf8")]).toEqual([0o600, ""]);
  writeFileSync(path, "text");
  createEmptyFile(path);
  createEmptyFile(join(path, "under a file"));
  expect(readFileSync(path, "utf8")).toBe("text");
});

it("tightens the mode of a file that others could read when it replaces it", async () => {
  const path = join(temporaryFolder(), "a");
  writeFileSync(path, "old");
  chmodSync(path, 0o644);
  await writeFileDurably(path, "new");
  expect(modeOf(path)).toBe(0o600);
});

it("keeps the old file when the process dies between write and rename", async () => {
  const path = join(temporaryFolder(), "a");
  await writeFileDurably(path, "old");
  const { signal } = await inChild("writeFileDurably", [path, "new"], {
    env: { DOORBELL_FAILPOINTS: "file.before-publish" },
  });
  expect(signal).toBe("SIGKILL");
  expect(readFileSync(path, "utf8")).toBe("old");
  await writeFileDurably(path, "newer");
  expect(readFileSync(path, "utf8")).toBe("newer");
});

it("has no file when the process dies before it is created, and creates it the next time", async () => {
  const path = join(temporaryFolder(), "a");
  await inChild("createFileDurably", [path, "one"], { env: { DOORBELL_FAILPOINTS: "file.before-publish" } });
  expect(existsSync(path)).toBe(false);
  expect(await createFileDurably(path, "two")).toBe(true);
});

it("removes a file under every name that a crash left it, and nothing else", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "a.key");
  await inChild("createFileDurably", [path, "secret"], { env: { DOORBELL_FAILPOINTS: "file.published" } });
  expect(readdirSync(folder)).toHaveLength(2);
  writeFileSync(join(folder, "a.key2"), "another");
  linkSync(path, join(temporaryFolder(), "a link that somebody made elsewhere"));
  expect(await removeFileDurably(path)).toBe(true);
  expect(readdirSync(folder)).toEqual(["a.key2"]);
});

it("leaves nothing behind when the file grows over a limit", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "a");
  await writeFileDurably(path, "old");
  const { answer } = await inChild("writeFileDurably", [path, "x".repeat(50_000)], { shell: "ulimit -f 8" });
  expect(answer?.error?.code).toBe("EFBIG");
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(folder)).toEqual(["a"]);
});

it.skipIf(noSmallDisk)("keeps the old file and leaves nothing behind on a full disk", async () => {
  using disk = smallDisk(256);
  const path = join(disk.folder, "a");
  await writeFileDurably(path, "old");
  const free = disk.fill();
  await expect(writeFileDurably(path, Buffer.alloc(100_000))).rejects.toMatchObject({ code: "ENOSPC" });
  await expect(createFileDurably(`${path}.2`, Buffer.alloc(100_000))).rejects.toMatchObject({
    code: "ENOSPC",
  });
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(disk.folder)).toEqual(["a", "ballast"]);
  free();
  await writeFileDurably(path, Buffer.alloc(100_000));
  expect(statSync(path).size).toBe(100_000);
});

it("makes a folder and those above it, for this user alone, and leaves one that is there alone", async () => {
  const there = temporaryFolder();
  mkdirSync(join(there, "open"), { mode: 0o755 });
  await makeFolder(join(there, "open", "a", "b", "..", "c/"));
  await makeFolder(join(there, "open", "a"));
  expect([
    modeOf(join(there, "open")),
    modeOf(join(there, "open/a")),
    modeOf(join(there, "open/a/c")),
  ]).toEqual([0o755, 0o700, 0o700]);
});
