import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { insertVisit, testStore } from "../testing/database.ts";
import type { HeldDelivery } from "./leasing.ts";
import { desk, ids } from "./outbox.fixtures.ts";
import { reclaimDeliveries } from "./outbox.ts";

const HOUR = 3_600_000;

describe("leasing", () => {
  it("gives urgent ones first, then each in its order, only of its own lane and as much as there is room", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    for (const id of ["a", "b"]) await outbox.put(id);
    await outbox.put("c", { urgent: true });
    await outbox.put("m", { channel: "mail" });
    expect(await outbox.lease({ lane: "green" })).toEqual([]);
    expect(ids(await outbox.lease({ room: 2 }))).toEqual(["c", "a", "m"]);
    expect(ids(await outbox.lease({ room: 2 }))).toEqual(["b"]);
  });

  it("brings along the trace of the visit, where there is one", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    await outbox.put("of a visit", { visitId: await insertVisit(store) });
    await outbox.put("of none");
    expect((await outbox.lease()).map(({ id, traceparent }) => [id, traceparent])).toEqual([
      ["of a visit", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
      ["of none", null],
    ]);
  });

  it("holds until the lease runs out on the monotonic clock, whatever the wall shows", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    await outbox.put("a");
    const [first] = await outbox.lease();
    store.clock.setWall(store.clock.now() + 10 * HOUR);
    expect(await outbox.lease()).toEqual([]);
    store.clock.setWall(0);
    store.clock.advance(29_999);
    expect(await outbox.lease()).toEqual([]);
    store.clock.advance(1);
    expect(await outbox.lease({ holding: ["a"] })).toEqual([]);
    const [second] = await outbox.lease();
    expect(second).toMatchObject({ id: "a", attempt: 2, uncertain: false });
    expect(await outbox.deliver(first!)).toBe(false);
    expect(await outbox.deliver(second!)).toBe(true);
  });

  it("frees what an earlier life held, and remembers what that was sending", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    for (const id of ["a", "b"]) await outbox.put(id);
    const [a] = await outbox.lease();
    expect(await outbox.mark(a!)).toBe(true);
    const reclaim = (holder: string) =>
      store.database.write(reclaimDeliveries, { holder, moment: store.clock.moment() });
    expect(await reclaim("op")).toBe(0);
    expect(await reclaim("ops")).toBe(2);
    expect(await outbox.lease()).toMatchObject([
      { id: "a", attempt: 2, uncertain: true },
      { id: "b", attempt: 2, uncertain: false },
    ]);
    expect(await outbox.mark(a!)).toBe(false);
  });

  it("cancels what is stale and not urgent, and buries what has no channel any more", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    await outbox.put("old");
    await outbox.put("old-urgent", { urgent: true });
    await outbox.put("orphan", { channel: "fax" });
    store.clock.advance(6 * HOUR);
    await outbox.put("new");
    expect(ids(await outbox.lease())).toEqual(["old-urgent", "new"]);
    expect(await outbox.states()).toMatchObject({ old: "cancelled", orphan: "dead" });
    expect(await outbox.events("delivery.")).toMatchObject([
      { kind: "delivery.cancelled", subject: "old", code: "stale" },
      { kind: "delivery.dead", subject: "orphan", code: "channel_gone" },
    ]);
  });

  it("tells the age by the monotonic clock, so that a clock put right makes nothing stale", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    await outbox.put("a");
    store.clock.setWall(store.clock.now() + 24 * HOUR);
    expect(ids(await outbox.lease())).toEqual(["a"]);
    store.clock.reboot();
    await outbox.lease();
    expect(await outbox.states()).toEqual({ a: "cancelled" });
  });
});

describe("the rate", () => {
  const deliverAll = async (outbox: ReturnType<typeof desk>): Promise<number> => {
    const held = await outbox.lease();
    for (const each of held) await outbox.deliver(each);
    return held.length;
  };

  it("is 10 a minute and 100 an hour for each channel, and what is over waits", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    for (let i = 0; i < 130; i++) await outbox.put(`p${i}`);
    await outbox.put("m", { channel: "mail" });
    expect(await deliverAll(outbox)).toBe(11);
    expect(await deliverAll(outbox)).toBe(0);
    let sent = 10;
    for (let minute = 1; minute < 10; minute++) {
      store.clock.advance(60_000);
      sent += await deliverAll(outbox);
    }
    expect(sent).toBe(100);
    store.clock.advance(51 * 60_000 - 1);
    expect(await deliverAll(outbox)).toBe(0);
    store.clock.advance(1);
    expect(await deliverAll(outbox)).toBe(10);
  });

  it("is passed by urgent ones, which count", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    for (let i = 0; i < 12; i++) await outbox.put(`u${i}`, { urgent: true });
    await outbox.put("a");
    expect(await deliverAll(outbox)).toBe(12);
    expect(await deliverAll(outbox)).toBe(0);
    await outbox.put("u12", { urgent: true });
    expect(await outbox.lease({ limits: { urgentPasses: false } })).toEqual([]);
    expect(await deliverAll(outbox)).toBe(1);
  });

  it("counts what is under way", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    for (let i = 0; i < 12; i++) await outbox.put(`p${i}`);
    expect(await outbox.lease({ room: 7 })).toHaveLength(7);
    expect(await outbox.lease({ room: 7 })).toHaveLength(3);
  });

  it("neither stops nor bursts when the clock is set back or forward an hour", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    for (let i = 0; i < 40; i++) await outbox.put(`p${i}`);
    expect(await deliverAll(outbox)).toBe(10);
    store.clock.setWall(store.clock.now() - HOUR);
    expect(await deliverAll(outbox)).toBe(0);
    store.clock.setWall(store.clock.now() + 2 * HOUR);
    expect(await deliverAll(outbox)).toBe(0);
    store.clock.advance(60_000);
    expect(await deliverAll(outbox)).toBe(10);
  });

  it("outlives a restart of the machine", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    for (let i = 0; i < 20; i++) await outbox.put(`p${i}`);
    expect(await deliverAll(outbox)).toBe(10);
    store.clock.reboot();
    expect(await deliverAll(outbox)).toBe(0);
    store.clock.advance(60_000);
    expect(await deliverAll(outbox)).toBe(10);
  });
});

describe("whatever happens", () => {
  type Step =
    | { do: "put"; urgent: boolean }
    | { do: "lease"; room: number }
    | { do: "deliver" | "fail" | "crash" }
    | { do: "advance" | "setWall"; ms: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), urgent: fc.boolean() }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant("lease" as const), room: fc.integer({ min: 1, max: 4 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constantFrom("deliver" as const, "fail" as const, "crash" as const) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 90_000 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("setWall" as const),
        ms: fc.integer({ min: -HOUR, max: HOUR }),
      }),
    },
  );

  it("nothing is lost or delivered twice under a kept lease, and no minute has more than its share", async () => {
    const perMinute = 3;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        await using store = await testStore();
        const outbox = desk(store);
        const put: string[] = [];
        let held: HeldDelivery[] = [];
        const delivered: { id: string; urgent: boolean; uptimeMs: number }[] = [];
        const act: Record<Step["do"], (step: never) => Promise<void> | void> = {
          put: async ({ urgent }: { urgent: boolean }) => {
            put.push(`d${put.length}`);
            await outbox.put(put.at(-1)!, { urgent });
          },
          lease: async ({ room }: { room: number }) => {
            held.push(
              ...(await outbox.lease({ room, limits: { perMinute, staleAfterMs: 1e9 }, holding: ids(held) })),
            );
          },
          deliver: async () => {
            const one = held.shift();
            if (one && (await outbox.deliver(one))) {
              delivered.push({ ...one, uptimeMs: store.clock.moment().uptimeMs });
            }
          },
          fail: async () => {
            const one = held.shift();
            if (one) await outbox.fail(one, 5_000);
          },
          crash: () => {
            held = [];
          },
          advance: ({ ms }: { ms: number }) => store.clock.advance(ms),
          setWall: ({ ms }: { ms: number }) => store.clock.setWall(store.clock.now() + ms),
        };
        for (const each of steps) await act[each.do](each as never);

        expect((await outbox.rows()).map(({ id }) => id)).toEqual(put);
        expect(new Set(delivered.map(({ id }) => id)).size).toBe(delivered.length);
        const bound = delivered.filter(({ urgent }) => !urgent);
        for (const { uptimeMs } of bound) {
          const window = bound.filter((one) => one.uptimeMs > uptimeMs - 60_000 && one.uptimeMs <= uptimeMs);
          expect(window.length).toBeLessThanOrEqual(perMinute);
        }
      }),
      { numRuns: 25 },
    );
  });
});
