import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readableLine } from "./readable.ts";

const at = new Date(2026, 5, 1, 9, 5, 7, 42);
const line = (fields: object) =>
  `${JSON.stringify({ "log.level": "info", "@timestamp": at.toISOString(), "service.node.name": "web", ...fields })}\n`;

describe("a readable line", () => {
  it("tells time on the wall, level, process, message and fields", () => {
    const text = readableLine(
      line({ message: "press taken in", "visit.id": "7", took: { ms: 3 }, "process.pid": 1 }),
    );
    expect(text).toBe('09:05:07.042 INFO  web: press taken in visit.id=7 took={"ms":3}\n');
  });

  it("shows the stack of an error below, indented", () => {
    const error = { type: "Error", message: "no", stack_trace: "Error: no\n    at a.ts:1" };
    expect(readableLine(line({ "log.level": "error", message: "capture", error }))).toBe(
      "09:05:07.042 ERROR web: capture\n    Error: no\n        at a.ts:1\n",
    );
  });

  it("cannot be forged by what is logged", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "\n", "\r", "\u001b", "\u009b", "\u2028", "\u202e", "\t", '"', "\u007f"),
    });
    fc.assert(
      fc.property(text, text, text, (message, field, stack) => {
        const shown = readableLine(line({ message, field, error: { stack_trace: stack } }));
        const [head, ...below] = shown.slice(0, -1).split("\n");
        expect(head?.startsWith("09:05:07.042 INFO  web: ")).toBe(true);
        expect(below.every((line) => line.startsWith("    "))).toBe(true);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
      }),
    );
  });

  it("is the same with colours, but for the colours", () => {
    const failed = line({ "log.level": "error", message: "x" });
    expect(readableLine(failed, true)).not.toBe(readableLine(failed));
    expect(stripVTControlCharacters(readableLine(failed, true))).toBe(readableLine(failed));
  });
});
