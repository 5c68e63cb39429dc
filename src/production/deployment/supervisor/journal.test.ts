import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../testing/guard.ts";
import { type Journal, readJournal, writeJournal } from "./journal.ts";

const journal: Journal = {
  v: 1,
  active: { version: "2.0.0", entry: "/opt/doorbell/2.0.0/src/main.ts" },
  previous: { version: "1.9.0", entry: "/opt/doorbell/1.9.0/src/main.ts" },
  since: 1_767_268_800_000,
};

function fileWith(text?: string): string {
  const file = join(temporaryFolder(), "supervisor.json");
  if (text !== undefined) writeFileSync(file, text);
  return file;
}

describe("the journal", () => {
  it("is not there before the first start", () => {
    expect(readJournal(fileWith(), 1)).toBeUndefined();
  });

  it("reads what was written, and leaves no temporary file", () => {
    const file = fileWith();
    writeJournal(file, journal);
    expect(readJournal(file, 1)).toEqual(journal);
    expect(readdirSync(join(file, ".."))).toEqual(["supervisor.json"]);
  });

  it("is the old one when a write ended before the rename", () => {
    const file = fileWith();
    writeJournal(file, journal);
    writeFileSync(`${file}.new`, '{"v":1,"act');
    expect(readJournal(file, 1)).toEqual(journal);
  });

  it("is refused and kept aside when it is torn, wherever it is torn", () => {
    const whole = JSON.stringify(journal);
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), (length) => {
        const file = fileWith(whole.slice(0, length));
        expect(() => readJournal(file, 42)).toThrow(/torn, or no journal; kept as .*refused-42$/);
        expect(existsSync(file)).toBe(false);
        expect(readFileSync(`${file}.refused-42`, "utf8")).toBe(whole.slice(0, length));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ["zeros", "\0".repeat(200)],
    ["another program's JSON", '{"name":"doorbell","version":"1.0.0"}'],
    ["a list", "[]"],
    ["null", "null"],
    ["a release without an entry", '{"v":1,"active":{"version":"1"},"since":1}'],
    ["a previous release of another shape", JSON.stringify({ ...journal, previous: "1.9.0" })],
  ])("is refused when it is %s", (_what, text) => {
    expect(() => readJournal(fileWith(text), 1)).toThrow(
      expect.objectContaining({ code: "journal_unreadable" }),
    );
  });

  it("is refused but left alone when a newer supervisor wrote it", () => {
    const file = fileWith(JSON.stringify({ ...journal, v: 2 }));
    expect(() => readJournal(file, 1)).toThrow(expect.objectContaining({ code: "journal_newer" }));
    expect(existsSync(file)).toBe(true);
  });
});
