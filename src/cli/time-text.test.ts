import { expect, it } from "vitest";
import { durationText, timeText } from "./time-text.ts";

it.each([
  [0, "0 seconds"],
  [420, "0.4 seconds"],
  [1_000, "1 second"],
  [9_940, "9.9 seconds"],
  [59_999, "59 seconds"],
  [60_000, "1 minute"],
  [7_300_000, "2 hours"],
  [200_000_000, "2 days"],
])("%d ms are %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

it("writes a moment as records do, in the zone of the machine", () => {
  expect(timeText(new Date(2026, 10, 4, 8, 3, 9).getTime())).toBe("2026-11-04 08:03:09");
});
