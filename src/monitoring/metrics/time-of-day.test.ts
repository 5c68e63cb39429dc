import { describe, expect, it } from "vitest";
import { timeOfDayIn } from "./time-of-day.ts";

const at = (text: string) => Date.parse(text);

describe("time of day", () => {
  it("changes at 6, 12, 18 and 22 on the clock of the zone", () => {
    const inTokyo = timeOfDayIn("Asia/Tokyo");
    const told = [20, 21, 2, 3, 8, 9, 12, 13].map((hour) => inTokyo(Date.UTC(2026, 5, 1, hour)));
    expect(told).toEqual([
      "night",
      "morning",
      "morning",
      "afternoon",
      "afternoon",
      "evening",
      "evening",
      "night",
    ]);
  });

  it("follows the clock when summer time begins and ends", () => {
    const inBerlin = timeOfDayIn("Europe/Berlin");
    expect(inBerlin(at("2026-03-28T04:59:59Z"))).toBe("night");
    expect(inBerlin(at("2026-03-28T05:00:00Z"))).toBe("morning");
    expect(inBerlin(at("2026-03-29T03:59:59Z"))).toBe("night");
    expect(inBerlin(at("2026-03-29T04:00:00Z"))).toBe("morning");
    expect(inBerlin(at("2026-10-25T04:59:59Z"))).toBe("night");
    expect(inBerlin(at("2026-10-25T05:00:00Z"))).toBe("morning");
  });

  it("knows zones that are not whole hours away", () => {
    const inKathmandu = timeOfDayIn("Asia/Kathmandu");
    expect(inKathmandu(at("2026-01-01T00:14:59Z"))).toBe("night");
    expect(inKathmandu(at("2026-01-01T00:15:00Z"))).toBe("morning");
  });

  it("calls midnight night", () => {
    expect(timeOfDayIn("UTC")(at("2026-01-01T00:00:00Z"))).toBe("night");
  });

  it("refuses a zone that does not exist", () => {
    expect(() => timeOfDayIn("Europe/Atlantis")).toThrow(RangeError);
  });
});
