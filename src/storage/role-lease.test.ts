import fc from "fast-check";
import { expect, it } from "vitest";
import { type TestStore, testStore } from "../testing/database.ts";
import { holdRole, yieldRole } from "./role-lease.ts";

const hold = ({ database, clock }: TestStore, holder: string, forMs = 1_000) =>
  holdRole(database, clock, { role: "ops", holder, forMs });

it("has one holder at a time, who may keep it", async () => {
  await using store = await testStore();
  expect(await hold(store, "a")).toEqual({ fence: 1 });
  expect(await hold(store, "b")).toBeNull();
  store.clock.advance(999);
  expect(await hold(store, "b")).toBeNull();
  expect(await hold(store, "a")).toEqual({ fence: 1 });
  store.clock.advance(999);
  expect(await hold(store, "b")).toBeNull();
});

it("changes hands when the lease has run out, with a greater fence each time", async () => {
  await using store = await testStore();
  for (const [at, holder] of ["a", "b", "a", "c"].entries()) {
    expect(await hold(store, holder)).toEqual({ fence: at + 1 });
    store.clock.advance(1_000);
  }
});

it("keeps its fence when it comes back late and nobody else came", async () => {
  await using store = await testStore();
  await hold(store, "a");
  store.clock.advance(5_000);
  expect(await hold(store, "a")).toEqual({ fence: 1 });
});

it("counts by the monotonic clock: the wall clock set forward or back changes nothing", async () => {
  await using store = await testStore();
  await hold(store, "a");
  for (const wall of [0, store.clock.now() + 86_400_000]) {
    store.clock.setWall(wall);
    expect(await hold(store, "b")).toBeNull();
  }
  store.clock.setWall(0);
  store.clock.advance(1_000);
  expect(await hold(store, "b")).toEqual({ fence: 2 });
});

it("is free after a reboot", async () => {
  await using store = await testStore();
  await hold(store, "a", 10_000_000);
  store.clock.reboot();
  expect(await hold(store, "b")).toEqual({ fence: 2 });
});

it("is free at once when its holder gives it back, and only then", async () => {
  await using store = await testStore();
  await hold(store, "a");
  await store.database.write(yieldRole, { role: "ops", holder: "b" });
  expect(await hold(store, "b")).toBeNull();
  await store.database.write(yieldRole, { role: "ops", holder: "a" });
  expect(await hold(store, "b")).toEqual({ fence: 2 });
});

it("keeps roles apart", async () => {
  await using store = await testStore();
  await hold(store, "a");
  const other = await holdRole(store.database, store.clock, { role: "deploy", holder: "b", forMs: 1_000 });
  expect(other).toEqual({ fence: 1 });
});

it("never has two holders, whatever happens", async () => {
  await using store = await testStore();
  const { clock, database } = store;
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom("hold", "hold", "give", "advance", "setWall", "reboot"),
      who: fc.constantFrom("a", "b", "c"),
      ms: fc.integer({ min: 1, max: 100 }),
    }),
    { minLength: 5, maxLength: 30, size: "max" },
  );
  let games = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const role = `role-${games++}`;
      let last = { holder: "", fence: 0, until: 0, boot: "" };
      const play: Record<string, (who: string, ms: number) => Promise<void> | void> = {
        async hold(who, forMs) {
          const { boot, uptimeMs } = clock.moment();
          const got = await holdRole(database, clock, { role, holder: who, forMs });
          const others = last.holder !== who;
          const running = last.boot === boot && last.until > uptimeMs;
          expect(got).toEqual(others && running ? null : { fence: last.fence + Number(others) });
          if (got) last = { holder: who, fence: got.fence, until: uptimeMs + forMs, boot };
        },
        async give(who) {
          await database.write(yieldRole, { role, holder: who });
          if (last.holder === who) last.until = 0;
        },
        advance: (_, ms) => clock.advance(ms),
        setWall: (_, ms) => clock.setWall(ms),
        reboot: () => clock.reboot(),
      };
      for (const { what, who, ms } of list) await play[what]?.(who, ms);
    }),
    { numRuns: 60 },
  );
});
