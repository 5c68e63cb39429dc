import fc from "fast-check";
import { expect, it } from "vitest";
import { manualClock } from "../lib/clock.ts";
import { rateLimit } from "./rate-limit.ts";

it("lets a minute's worth through at once, then one by one, each key for itself", () => {
  const clock = manualClock();
  const limit = rateLimit({ enabled: true, perMinute: 6 }, clock);
  for (let i = 0; i < 6; i++) expect(limit.take("a")).toBe(0);
  expect(limit.take("a")).toBe(10_000);
  expect(limit.take("b")).toBe(0);
  clock.advance(9_999);
  expect(limit.take("a")).toBe(1);
  clock.advance(1);
  expect([limit.take("a"), limit.take("a")]).toEqual([0, 10_000]);
});

it("never lets more through than the burst and what time has earned", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.nat(30_000), { maxLength: 200 }),
      (perMinute, pauses) => {
        const clock = manualClock();
        const limit = rateLimit({ enabled: true, perMinute }, clock);
        const start = clock.moment().uptimeMs;
        let passed = 0;
        for (const pause of pauses) {
          clock.advance(pause);
          if (limit.take("a") === 0) passed += 1;
          const earned = ((clock.moment().uptimeMs - start) * perMinute) / 60_000;
          expect(passed).toBeLessThanOrEqual(perMinute + earned + 1e-6);
        }
      },
    ),
  );
});

it("is not moved by the wall clock and lets everything through when switched off", () => {
  const clock = manualClock();
  const limit = rateLimit({ enabled: true, perMinute: 1 }, clock);
  limit.take("a");
  clock.setWall(clock.now() + 3_600_000);
  expect(limit.take("a")).toBe(60_000);
  const off = rateLimit({ enabled: false, perMinute: 1 }, clock);
  expect([off.take("a"), off.take("a")]).toEqual([0, 0]);
});

it("remembers a bounded number of callers, and those who wait the longest", () => {
  const clock = manualClock();
  const limit = rateLimit({ enabled: true, perMinute: 1 }, clock);
  for (let i = 0; i < 10_000; i++) limit.take(`old ${i}`);
  limit.take("one too many");
  expect(limit.take("old 0")).toBe(0);
  expect(limit.take("old 9999")).toBe(60_000);
  clock.advance(60_000);
  limit.take("new");
  expect(limit.take("old 9999")).toBe(0);
});
