import { describe, expect, it } from "vitest";
import { ConfigError } from "../config/error.ts";
import { DoorbellError } from "../lib/errors.ts";
import { CliError, reportOf, usageError } from "./exit.ts";

describe("reportOf", () => {
  it("gives each error its exit code", () => {
    const facts = { code: "x", hint: "h" };
    expect(reportOf(usageError("x")).exit).toBe(2);
    expect(reportOf(new CliError("x", { ...facts, exit: "refused" })).exit).toBe(3);
    expect(reportOf(new CliError("x", { ...facts, exit: "unknown" })).exit).toBe(4);
    expect(reportOf(new DoorbellError("x", facts)).exit).toBe(1);
    expect(reportOf(new Error("x")).exit).toBe(1);
    expect(reportOf("x").exit).toBe(1);
  });

  it("tells people what and what to do, and programs the same in parts", () => {
    const error = new DoorbellError("open door \x1b[2J: jammed", {
      code: "door_jammed",
      hint: "Push.",
      retryable: true,
    });
    const { text, document } = reportOf(error);
    expect(text).toBe("doorbell: open door \\u{1b}[2J: jammed\n  hint: Push.\n");
    expect(document).toEqual({
      type: "urn:doorbell:error:door_jammed",
      title: "open door \x1b[2J: jammed",
      code: "door_jammed",
      hint: "Push.",
      retryable: true,
      exit: 1,
    });
  });

  it("lists every problem of a configuration", () => {
    const problems = [{ place: { file: "a.yaml", line: 1, column: 2 }, path: "b", wrong: "is text" }];
    expect(reportOf(new ConfigError("a.yaml", problems))).toMatchObject({
      text: expect.stringContaining("1 problem\na.yaml:1:2: b: is text\n"),
      document: { title: "read configuration a.yaml: 1 problem", detail: "a.yaml:1:2: b: is text", problems },
    });
  });

  it("asks to report what was not foreseen, with the place in the program", () => {
    const { text, document } = reportOf(new TypeError("x is not a function"));
    expect(text).toMatch(
      /^doorbell: x is not a function\n {2}hint: This is a fault of the program.*\n.*exit\.test\.ts/s,
    );
    expect(document.code).toBe("internal");
  });
});
