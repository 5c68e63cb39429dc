import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { manualClock } from "../../lib/clock.ts";
import { temporaryFolder } from "../../testing/guard.ts";
import { type RotatingFile, type RotatingFileConfig, rotatingFile } from "./rotating-file.ts";

const DAY_MS = 86_400_000;
let opened: RotatingFile[] = [];
afterEach(async () => {
  await Promise.all(opened.map((file) => file.close()));
  opened = [];
});

function fixture(config: Partial<RotatingFileConfig> = {}) {
  const folder = join(temporaryFolder(), "logs");
  const clock = manualClock(Date.now());
  const failures: unknown[] = [];
  const lost: number[] = [];
  return {
    folder,
    clock,
    failures,
    lost,
    begin() {
      const file = rotatingFile(
        { folder, name: "web", maxBytes: 100, keepFiles: 3, keepDays: 14, ...config },
        { clock, onFailure: (error) => failures.push(error), onLost: (lines) => lost.push(lines) },
      );
      opened.push(file);
      return file;
    },
    read: (entry = "web.log") => readFileSync(join(folder, entry), "utf8"),
    entries: () => readdirSync(folder).sort(),
  };
}

/** Writes lines one after the other, each in the file before the next. */
async function write(file: RotatingFile, ...lines: string[]): Promise<void> {
  for (const line of lines) {
    file.write(line);
    await file.flush();
  }
}

/** A line of 60 bytes: one fits into a file of 100, two do not. */
const long = (text: string) => `${text.padEnd(59)}\n`;

describe("a rotating file", () => {
  it("is for its owner alone, in a folder that is too", async () => {
    const { folder, begin } = fixture();
    await write(begin(), "one\n");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "web.log")).mode & 0o777).toBe(0o600);
  });

  it("keeps every line, in order, across the files", async () => {
    const { begin, read, entries } = fixture({ maxBytes: 1_000, keepFiles: 100 });
    const file = begin();
    const lines = Array.from({ length: 200 }, (_, i) => `line ${i} ${"é".repeat(i % 50)}\n`);
    for (const [index, line] of lines.entries()) {
      file.write(line);
      if (index % 7 === 0) await file.flush();
    }
    await file.flush();
    const numbers = entries().map((entry) => Number(entry.slice("web.log.".length) || "999"));
    const inOrder = numbers
      .sort((a, b) => a - b)
      .map((number) => read(number === 999 ? "web.log" : `web.log.${number}`));
    expect(inOrder.length).toBeGreaterThan(5);
    expect(inOrder.join("")).toBe(lines.join(""));
  });

  it("takes lines after a flush that had nothing to do", async () => {
    const { begin, read } = fixture();
    const file = begin();
    await file.flush();
    await write(file, "one\n");
    await file.flush();
    await write(file, "two\n");
    expect(read()).toBe("one\ntwo\n");
  });

  it("is put aside when it is full, and keeps as many as it should", async () => {
    const { begin, read, entries } = fixture();
    await write(begin(), ...["a", "b", "c", "d", "e", "f"].map(long));
    expect(entries()).toEqual(["web.log", "web.log.3", "web.log.4", "web.log.5"]);
    expect(read()).toBe(long("f"));
    expect(read("web.log.5")).toBe(long("e"));
  });

  it("goes on after a restart where it was", async () => {
    const { begin, read, entries } = fixture();
    const first = begin();
    await write(first, "before\n");
    await first.close();
    const second = begin();
    await write(second, "after\n", long("more"), long("more still"));
    expect(read("web.log.1")).toBe(`before\nafter\n${long("more")}`);
    expect(entries()).toEqual(["web.log", "web.log.1"]);
  });

  it("is put aside after a day, however little is in it", async () => {
    const { begin, read, clock } = fixture();
    const file = begin();
    await write(file, "monday\n");
    clock.advance(DAY_MS - 1);
    await write(file, "still monday\n");
    clock.advance(1);
    await write(file, "tuesday\n");
    expect([read("web.log.1"), read()]).toEqual(["monday\nstill monday\n", "tuesday\n"]);
  });

  it("removes what is too old, also of processes that are gone, and nothing else", async () => {
    const { folder, begin, entries, clock } = fixture();
    mkdirSync(folder);
    for (const [entry, days] of Object.entries({
      "gone.log": 15,
      "gone.log.1": 15,
      "young.log": 13,
      "notes.txt": 99,
    })) {
      writeFileSync(join(folder, entry), "x");
      const at = (clock.now() - days * DAY_MS) / 1000;
      utimesSync(join(folder, entry), at, at);
    }
    await write(begin(), "x\n");
    expect(entries()).toEqual(["notes.txt", "web.log", "young.log"]);
  });

  it("does not mistake the files of another process for its own", async () => {
    const { folder, begin, entries } = fixture();
    mkdirSync(folder);
    for (const entry of ["web.log.old", "web-2.log.7", "web.log.x.log.9"])
      writeFileSync(join(folder, entry), "");
    await write(begin(), long("a"), long("b"));
    expect(entries()).toEqual(["web-2.log.7", "web.log", "web.log.1", "web.log.old", "web.log.x.log.9"]);
  });

  it("lets lines wait while the disk is full, says so once, and writes them when there is room", async () => {
    const { folder, begin, read, failures, lost } = fixture();
    mkdirSync(folder);
    symlinkSync("/dev/full", join(folder, "web.log"));
    const file = begin();
    await write(file, "one\n", "two\n");
    expect(failures).toMatchObject([{ code: "ENOSPC" }]);
    rmSync(join(folder, "web.log"));
    await write(file, "three\n");
    expect(read()).toBe("one\ntwo\nthree\n");
    expect(lost).toEqual([]);
    expect(failures).toHaveLength(1);
  });

  it("drops what is too much while the disk is full, and tells how many lines", async () => {
    const { folder, begin, read, lost } = fixture({ maxBytes: 1e9 });
    mkdirSync(folder);
    symlinkSync("/dev/full", join(folder, "web.log"));
    const file = begin();
    const megabyte = `${"x".repeat(1024 * 1024 - 1)}\n`;
    await write(file, ...Array<string>(8).fill(megabyte));
    rmSync(join(folder, "web.log"));
    await write(file, "one too many\n", "after\n");
    // One was on its way, four waited.
    expect(lost).toEqual([4]);
    expect(read()).toBe(`${megabyte.repeat(5)}after\n`);
  });

  /** Ends a process right after its line. @returns how it ended */
  async function lastWords(folder: string): Promise<unknown[]> {
    const program = `
      const { rotatingFile } = await import(${JSON.stringify(new URL("rotating-file.ts", import.meta.url))});
      const config = { folder: process.argv[1], name: "web", maxBytes: 1e6, keepFiles: 1, keepDays: 1 };
      const file = rotatingFile(config, { clock: Date, onFailure() {}, onLost() {} });
      process.on("exit", file.flushSync);
      file.write("last words\\n");
      process.exit(3);`;
    return once(
      spawn(process.execPath, ["--input-type=module", "-e", program, folder], { stdio: "inherit" }),
      "exit",
    );
  }

  it("has the last words of a process that ends at once", async () => {
    const { folder, read } = fixture();
    expect(await lastWords(folder)).toEqual([3, null]);
    expect(read()).toBe("last words\n");
  });

  it("does not keep a process from ending when the disk is full", async () => {
    const { folder } = fixture();
    mkdirSync(folder);
    symlinkSync("/dev/full", join(folder, "web.log"));
    expect(await lastWords(folder)).toEqual([3, null]);
  });
});
