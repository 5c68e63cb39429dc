import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { manualClock } from "../lib/clock.ts";
import { startCall } from "../testing/child.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { noSmallDisk, smallDisk } from "../testing/small-disk.ts";
import { type CheckpointConfig, Checkpointer } from "./checkpoint.ts";
import { openConnection } from "./sqlite/connection.ts";

/** A database with something in its log, another connection to it, and its checkpointer, started. */
function started({
  folder = temporaryFolder(),
  ...config
}: Partial<CheckpointConfig> & { folder?: string } = {}) {
  const path = join(folder, "doorbell.db");
  const clock = manualClock();
  const errors: unknown[] = [];
  const connection = openConnection(path, { readOnly: false });
  const write = (bytes = 100) => connection.run("insert into turn (name) values (?)", ["x".repeat(bytes)]);
  connection.exec("create table turn (id integer primary key, name text not null) strict");
  const checkpointer = new Checkpointer(
    { path, everyMs: 3_600_000, ...config },
    { clock, onError: (error) => errors.push(error) },
  );
  checkpointer.start();
  return {
    path,
    folder,
    clock,
    connection,
    checkpointer,
    errors,
    write,
    /** How many rows the database file holds without its log. */
    inFile() {
      const copy = join(temporaryFolder(), "copy.db");
      copyFileSync(path, copy);
      const alone = openConnection(copy, { readOnly: false });
      const { n } = alone.all("select count(*) as n from turn", [])[0]!;
      alone.close();
      return n;
    },
    [Symbol.dispose]() {
      checkpointer.stop();
      connection.close();
    },
  };
}

it("moves what is committed into the database file", () => {
  using it = started();
  it.write();
  it.write();
  expect(it.inFile()).toBe(0);
  it.checkpointer.round();
  expect(it.inFile()).toBe(2);
  expect(it.errors).toEqual([]);
});

it("does so by itself, when it starts, now and then, and when it stops", async () => {
  const it = started({ everyMs: 5 });
  it.write();
  while (it.inFile() !== 1) await new Promise((resolve) => setTimeout(resolve, 5));
  it.checkpointer.stop();
  it.write();
  it.checkpointer.start();
  expect(it.inFile()).toBe(2);
  it.write();
  it.checkpointer.stop();
  expect(it.inFile()).toBe(3);
  it.connection.close();
});

it("lets a log that was moved start over, so that its file does not grow", () => {
  using it = started();
  it.write(20_000);
  it.checkpointer.round();
  const { walBytes } = it.checkpointer.figures();
  for (let n = 0; n < 20; n++) {
    it.write(20_000);
    it.checkpointer.round();
  }
  expect(it.checkpointer.figures().walBytes).toBeLessThan(walBytes * 2);
});

it("empties a log above its size", () => {
  using it = started({ emptyAboveBytes: 50_000 });
  it.write(10_000);
  it.checkpointer.round();
  expect(it.checkpointer.figures().walBytes).toBeGreaterThan(0);
  it.write(60_000);
  it.checkpointer.round();
  expect(it.checkpointer.figures().walBytes).toBe(0);
  expect(it.inFile()).toBe(2);
});

it("tells how long ago all was moved: a reader that stays holds it up, and it goes on after that", () => {
  using it = started({ emptyAboveBytes: 0 });
  const reader = openConnection(it.path, { readOnly: false });
  reader.exec("begin");
  reader.all("select * from turn", []);
  it.write();
  it.clock.advance(700);
  it.checkpointer.round();
  expect(it.checkpointer.figures().ageMs).toBe(700);
  expect(it.checkpointer.figures().walBytes).toBeGreaterThan(0);
  expect(it.errors).toEqual([]);
  reader.exec("commit");
  reader.close();
  it.checkpointer.round();
  expect(it.checkpointer.figures()).toEqual({ walBytes: 0, ageMs: 0 });
});

it("is never old where nothing is written", () => {
  using it = started();
  it.clock.advance(5_000);
  expect(it.checkpointer.figures().ageMs).toBe(5_000);
  it.checkpointer.round();
  expect(it.checkpointer.figures().ageMs).toBe(0);
});

it("empties the log between the commits of a process that never pauses", async () => {
  using it = started();
  const module = new URL("./sqlite/connection.fixture.ts", import.meta.url);
  await using writer = startCall({ module, name: "writeInTurn", args: [it.path, "a", 4] });
  // The child begins when somebody else has written too.
  it.write();
  for (let emptied = 0; emptied < 5; ) {
    await new Promise((resolve) => setImmediate(resolve));
    if (it.connection.emptyLog(5_000)) emptied++;
  }
  expect(await writer.ended).toMatchObject({ code: 0, answer: {} });
  expect(it.connection.all("select count(*) as n from turn where name = 'a'", [])).toEqual([{ n: 101 }]);
});

it.skipIf(noSmallDisk)("tells that the disk is full, and goes on when there is room", () => {
  using disk = smallDisk(2_048);
  using it = started({ folder: disk.folder });
  for (let n = 0; n < 20; n++) it.write(10_000);
  const free = disk.fill();
  it.checkpointer.round();
  expect(it.errors).toMatchObject([{ code: "storage_full", retryable: true }]);
  free();
  it.checkpointer.round();
  expect(it.errors).toHaveLength(1);
  expect(it.inFile()).toBe(20);
});
