import { describe, expect, it, vi } from "vitest";
import { createOutput } from "./output.ts";
import { withProgress } from "./progress.ts";
import { memorySink } from "./world.fixture.ts";

function outputs(
  json: boolean,
  { isTTY = false, env = {} }: { isTTY?: boolean; env?: NodeJS.ProcessEnv } = {},
) {
  const [stdout, stderr] = [memorySink(isTTY), memorySink(isTTY)];
  return { stdout, stderr, output: createOutput(json, stdout, stderr, env) };
}

describe("createOutput", () => {
  it("prints the document for programs and the text for people, notes never on stdout", () => {
    for (const [json, expected] of [
      [true, '{\n  "a": 1\n}\n'],
      [false, "one\n"],
    ] as const) {
      const { output, stdout, stderr } = outputs(json);
      output.note("by\x07 the way");
      output.result({ a: 1 }, () => "one\n");
      expect(stdout.text).toBe(expected);
      expect(stderr.text).toBe("by\\u{7} the way\n");
    }
  });

  it("prints one JSON line for each of many", () => {
    const { output, stdout } = outputs(true);
    output.line({ a: 1 }, () => "");
    output.line({ a: 2 }, () => "");
    expect(stdout.text).toBe('{"a":1}\n{"a":2}\n');
  });

  it("colours on a terminal only, and not against NO_COLOR, on a dumb terminal or in JSON", () => {
    const painted = (json: boolean, options: Parameters<typeof outputs>[1]) =>
      outputs(json, options).output.tone("bad", "fail");
    expect(painted(false, { isTTY: true })).toBe("\x1b[31mfail\x1b[39m");
    expect(painted(false, { isTTY: true, env: { NO_COLOR: "" } })).toContain("\x1b");
    expect(painted(false, { isTTY: true, env: { NO_COLOR: "1" } })).toBe("fail");
    expect(painted(false, { isTTY: true, env: { TERM: "dumb" } })).toBe("fail");
    expect(painted(false, {})).toBe("fail");
    expect(painted(true, { isTTY: true })).toBe("fail");
  });
});

describe("withProgress", () => {
  /** Runs work of a length in fake time and returns what was told of it. */
  async function told(isTTY: boolean, ms: number): Promise<string> {
    vi.useFakeTimers();
    try {
      const sink = memorySink(isTTY);
      const done = withProgress(sink, "enrolling", async (report) => {
        report("photo 1 of 2");
        await new Promise((resolve) => setTimeout(resolve, ms));
        return "value";
      });
      await vi.advanceTimersByTimeAsync(ms);
      expect(await done).toBe("value");
      expect(vi.getTimerCount()).toBe(0);
      return sink.text;
    } finally {
      vi.useRealTimers();
    }
  }

  it("says nothing of work under a second", async () => {
    expect(await told(true, 900)).toBe("");
    expect(await told(false, 900)).toBe("");
  });

  it("writes one line over and over on a terminal, and clears it in the end", async () => {
    expect(await told(true, 1_250)).toBe(
      "\r\x1b[Kenrolling, photo 1 of 2, 1 s\r\x1b[Kenrolling, photo 1 of 2, 1 s\r\x1b[K",
    );
  });

  it("writes a plain line every ten seconds elsewhere", async () => {
    expect(await told(false, 21_500)).toBe(
      "enrolling, photo 1 of 2, 1 s\nenrolling, photo 1 of 2, 11 s\nenrolling, photo 1 of 2, 21 s\n",
    );
  });

  it("ends with the work's own error", async () => {
    const failed = withProgress(memorySink(), "x", () => Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");
  });
});
