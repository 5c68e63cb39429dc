import fc from "fast-check";
import { expect, it } from "vitest";
import { testStore } from "../../testing/database.ts";
import { countAttempt, forgiveFailures, throttleKeys, waitAfter } from "./throttle.ts";

const MINUTE = 60_000;

it("costs nothing four times, then doubles from a second to a quarter of an hour", () => {
  expect([0, 1, 4, 5, 6, 7, 14, 15, 100].map(waitAfter)).toEqual([
    0,
    0,
    0,
    1_000,
    2_000,
    4_000,
    512_000,
    15 * MINUTE,
    15 * MINUTE,
  ]);
});

it("never makes anybody wait longer than a quarter of an hour, whatever happened and however the clock was set", async () => {
  await using store = await testStore();
  const steps = fc.array(fc.record({ advance: fc.integer({ min: -90 * MINUTE, max: 90 * MINUTE }) }), {
    maxLength: 25,
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (moves) => {
      const keys = [`name:${run++}`];
      let now = store.clock.now();
      for (const { advance } of moves) {
        now += advance;
        const waitMs = await store.database.write(countAttempt, { keys, now });
        expect(waitMs).toBeLessThanOrEqual(15 * MINUTE);
        if (waitMs > 0) expect(await store.database.write(countAttempt, { keys, now: now + waitMs })).toBe(0);
      }
    }),
    { numRuns: 20 },
  );
});

it("counts attempts that come together one after the other", async () => {
  await using store = await testStore();
  const attempt = { keys: throttleKeys("Olga", "192.0.2.1"), now: store.clock.now() };
  const waits = await Promise.all(
    Array.from({ length: 20 }, () => store.database.write(countAttempt, attempt)),
  );
  expect(waits).toEqual([0, 0, 0, 0, 0, ...Array(15).fill(1_000)]);
});

it("forgets an hour after the last wait, and at once when somebody signed in", async () => {
  await using store = await testStore();
  const keys = throttleKeys("Olga", "192.0.2.1");
  const fail = (now: number) => store.database.write(countAttempt, { keys, now });
  const rows = () => store.database.read.selectFrom("sign_in_throttle").selectAll().execute();
  const start = store.clock.now();
  for (let i = 0; i < 5; i++) await fail(start);
  expect((await rows()).map(({ failures }) => failures)).toEqual([5, 5]);
  await fail(start + 1_000 + 60 * MINUTE + 1);
  expect((await rows()).map(({ failures }) => failures)).toEqual([1, 1]);
  await store.database.write({ name: "t", run: (tx) => forgiveFailures(tx, keys) }, undefined);
  expect(await rows()).toEqual([]);
});

it("keeps neither names nor what was typed in their place", () => {
  const [name, address] = throttleKeys("my secret password", "2001:db8::7");
  expect(name).toMatch(/^name:[0-9a-f]{64}$/);
  expect(throttleKeys("My Secret Password", "")[0]).toBe(name);
  expect(address).toBe("address:2001:db8:0:0::/64");
});
