import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../testing/guard.ts";
import { commitWatch } from "./commit-watch.ts";

/** A watch over a database whose version the test sets, and how often it told of a commit. */
function watched(path: string) {
  let version = 1;
  let told = 0;
  const watch = commitWatch(path, () => version);
  const leave = watch.listen(() => {
    told += 1;
  });
  return {
    watch,
    leave,
    commit() {
      version += 1;
    },
    told: () => told,
  };
}

function databaseFile(): string {
  const path = join(temporaryFolder(), "doorbell.db");
  writeFileSync(path, "");
  return path;
}

const settled = (ms = 40): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it("tells of a commit that comes some time after its pages were written", async () => {
  const path = databaseFile();
  const { watch, commit, told } = watched(path);
  await settled();
  const before = told();
  writeFileSync(`${path}-wal`, "pages");
  await settled();
  expect(told()).toBe(before);
  commit();
  await expect.poll(told).toBe(before + 1);
  watch.close();
});

it("tells of commits beside the file that a link leads to", async () => {
  const path = databaseFile();
  const link = join(temporaryFolder(), "link.db");
  symlinkSync(path, link);
  const { watch, commit, told } = watched(link);
  await settled();
  const before = told();
  commit();
  writeFileSync(`${path}-wal`, "pages");
  await expect.poll(told).toBe(before + 1);
  watch.close();
});

it("tells of commits also where nothing can be watched", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "inner"));
  const { watch, commit, told } = watched(join(folder, "inner", "not there.db"));
  await settled();
  const before = told();
  commit();
  await expect.poll(told).toBe(before + 1);
  watch.close();
});

it("tells nobody any more who has left, and goes on for who listens again", async () => {
  const path = databaseFile();
  const { watch, leave, commit, told } = watched(path);
  leave();
  commit();
  watch.look();
  await settled();
  expect(told()).toBe(0);
  let again = 0;
  watch.listen(() => {
    again += 1;
  });
  watch.look();
  expect(again).toBe(1);
  watch.close();
});

it("tells at once when it is asked to look", () => {
  const { watch, commit, told } = watched(databaseFile());
  watch.look();
  commit();
  watch.look();
  watch.look();
  expect(told()).toBe(2);
  watch.close();
});
