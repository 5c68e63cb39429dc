import "./english.fixture.ts";

import { describe, expect, it } from "vitest";
import { ago, dayOf, lasting, recorded } from "./time.ts";

const noon = new Date(2026, 2, 4, 12).getTime();
const HOUR = 3_600_000;

describe("times on the page", () => {
  it("are told in the largest unit that fits", () => {
    expect(ago(0)).toBe("now");
    expect(ago(-5_000), "a server ahead of this clock").toBe("now");
    expect(ago(59_999)).toBe("now");
    expect(ago(125_000)).toBe("2 minutes ago");
    expect(ago(26 * HOUR)).toBe("yesterday");
    expect(lasting(15_000)).toBe("15 seconds");
    expect(lasting(49 * HOUR)).toBe("2 days");
  });

  it("name the day by the calendar and not by hours", () => {
    expect(dayOf(noon - 11 * HOUR, noon)).toBe("Today");
    expect(dayOf(noon - 13 * HOUR, noon)).toBe("Yesterday");
    expect(dayOf(noon - 40 * HOUR, noon)).toMatch(/2 March/);
  });

  it("keep the day in a record that is not of today", () => {
    expect(recorded(noon - HOUR, noon)).not.toMatch(/2026/);
    expect(recorded(noon - 13 * HOUR, noon)).toMatch(/2026/);
  });
});
