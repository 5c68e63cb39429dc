import fc from "fast-check";
import { expect, it } from "vitest";
import { inWindow, localTime, minuteOf, WEEKDAYS, windowSchema } from "./window.ts";

const BERLIN = "Europe/Berlin";
const HOUR = 3_600_000;
const night = windowSchema.parse({ from: "22:00", to: "07:00" });
const at = (iso: string): number => Date.parse(iso);

it("reads the wall clock of a zone, in summer and in winter", () => {
  expect(localTime(at("2026-01-01T23:30:00Z"), BERLIN)).toEqual({
    date: "2026-01-02",
    weekday: "fri",
    minute: 30,
  });
  expect(localTime(at("2026-07-01T22:30:00Z"), BERLIN)).toEqual({
    date: "2026-07-02",
    weekday: "thu",
    minute: 30,
  });
  expect(localTime(at("2026-07-01T22:30:00Z"), "Pacific/Kiritimati").minute).toBe(12 * 60 + 30);
  expect(localTime(at("2026-07-01T22:30:00Z"), "Asia/Kathmandu").minute).toBe(4 * 60 + 15);
});

it("takes the begin in and leaves the end out", () => {
  const office = windowSchema.parse({ from: "09:00", to: "17:00" });
  expect(inWindow(office, at("2026-01-05T08:00:00Z"), BERLIN)).toBe(true);
  expect(inWindow(office, at("2026-01-05T07:59:59Z"), BERLIN)).toBe(false);
  expect(inWindow(office, at("2026-01-05T15:59:59Z"), BERLIN)).toBe(true);
  expect(inWindow(office, at("2026-01-05T16:00:00Z"), BERLIN)).toBe(false);
});

it("counts the hours after midnight to the day on which the window began", () => {
  const saturdayNight = windowSchema.parse({ days: ["sat"], from: "22:00", to: "07:00" });
  expect(inWindow(saturdayNight, at("2026-01-03T21:30:00Z"), BERLIN)).toBe(true); // Saturday 22:30
  expect(inWindow(saturdayNight, at("2026-01-04T05:30:00Z"), BERLIN)).toBe(true); // Sunday 06:30
  expect(inWindow(saturdayNight, at("2026-01-03T05:30:00Z"), BERLIN)).toBe(false); // Saturday 06:30
  expect(inWindow(saturdayNight, at("2026-01-04T21:30:00Z"), BERLIN)).toBe(false); // Sunday 22:30
});

it("spans a night of nine hours by the clock's face: eight in spring, ten in autumn", () => {
  const hoursIn = (begin: string): number => {
    const starts = Array.from({ length: 24 * 4 }, (_, quarter) => at(begin) + quarter * (HOUR / 4));
    return starts.filter((instant) => inWindow(night, instant, BERLIN)).length / 4;
  };
  expect(hoursIn("2026-03-28T12:00:00Z")).toBe(8);
  expect(hoursIn("2026-10-24T12:00:00Z")).toBe(10);
  expect(hoursIn("2026-06-01T12:00:00Z")).toBe(9);
});

it("never opens in the hour that a spring day skips, and twice in the hour that an autumn day repeats", () => {
  const half = windowSchema.parse({ from: "02:00", to: "03:00" });
  const minutesIn = (day: string): number =>
    Array.from({ length: 24 * 60 }, (_, minute) => at(day) + minute * 60_000).filter((instant) =>
      inWindow(half, instant, BERLIN),
    ).length;
  expect(minutesIn("2026-03-28T23:00:00Z")).toBe(0);
  expect(minutesIn("2026-10-24T22:00:00Z")).toBe(120);
});

const time = fc.integer({ min: 0, max: 1439 }).map((minute) => {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
});
const zone = fc.constantFrom(BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu");
const instant = fc.integer({ min: at("2026-01-01T00:00:00Z"), max: at("2028-01-01T00:00:00Z") });

it("is open exactly when the window with begin and end exchanged is closed, over all days", () => {
  fc.assert(
    fc.property(time, time, zone, instant, (from, to, where, when) => {
      fc.pre(from !== to);
      const one = inWindow({ from, to }, when, where);
      expect(inWindow({ from: to, to: from }, when, where)).toBe(!one);
    }),
  );
});

it("is the union of its days", () => {
  fc.assert(
    fc.property(
      time,
      time,
      zone,
      instant,
      fc.subarray([...WEEKDAYS], { minLength: 1 }),
      (from, to, where, when, days) => {
        fc.pre(from !== to);
        const single = days.filter((day) => inWindow({ days: [day], from, to }, when, where));
        expect(inWindow({ days, from, to }, when, where)).toBe(single.length > 0);
        expect(single.length).toBeLessThanOrEqual(1);
      },
    ),
  );
});

it("refuses what is no time of day, no window and no zone", () => {
  for (const from of ["7:00", "25:00", "12:60", "24:01", "noon"]) {
    expect(windowSchema.safeParse({ from, to: "12:00" }).success).toBe(false);
  }
  expect(windowSchema.safeParse({ from: "07:00", to: "07:00" }).success).toBe(false);
  expect(windowSchema.safeParse({ form: "07:00" }).success).toBe(false);
  expect(windowSchema.parse({})).toEqual({ from: "00:00", to: "24:00" });
  expect(minuteOf("24:00")).toBe(1440);
  expect(() => localTime(0, "Europe/Atlantis")).toThrow(RangeError);
});
