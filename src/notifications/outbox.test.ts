import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { insertVisit, type TestStore, testStore } from "../testing/database.ts";
import { acknowledgeVisit } from "./acknowledge.ts";
import { type HeldDelivery, type Limits, leaseDeliveries } from "./leasing.ts";
import {
  addDeliveries,
  type Ending,
  markSending,
  putDelivery,
  reclaimDeliveries,
  retryDead,
  settleDelivery,
} from "./outbox.ts";

const HOUR = 3_600_000;
const limits: Limits = { perMinute: 10, perHour: 100, urgentPasses: true, staleAfterMs: 6 * HOUR };
const by = { actor: "user:1", origin: "-" };

/** An outbox with the two channels `phone` and `mail`, used as a dispatcher uses it. */
function desk(store: TestStore) {
  const { database, clock } = store;
  const later = (ms: number) => ({ ...clock.moment(), uptimeMs: clock.moment().uptimeMs + ms });
  const now = () => ({ at: clock.now(), moment: clock.moment() });
  const rows = () => database.read.selectFrom("outbox").selectAll().orderBy("seq").execute();
  const settle = (hold: HeldDelivery, ending: Ending) =>
    database.write(settleDelivery, { hold: { id: hold.id, lease: hold.lease }, ending, ...now() });
  return {
    rows,
    settle,
    async put(id: string, { channel = "phone", urgent = false, visitId = null as string | null } = {}) {
      const delivery = { id, kind: "visit", channel, rule: "r", urgent, visitId, content: {} } as const;
      await database.write(
        { name: "test.put", run: (tx) => putDelivery(tx, delivery, { lane: "blue", ...now() }) },
        undefined,
      );
    },
    lease: (change: { room?: number; limits?: Partial<Limits>; lane?: string; holding?: string[] } = {}) =>
      database.write(leaseDeliveries, {
        lane: change.lane ?? "blue",
        ...now(),
        channels: ["phone", "mail"].map((name) => ({ name, room: change.room ?? 100 })),
        limits: { ...limits, ...change.limits },
        holding: change.holding ?? [],
        lease: `ops/${Math.random()}`,
        until: later(30_000),
      }),
    deliver: (hold: HeldDelivery) => settle(hold, { to: "delivered" }),
    fail: (hold: HeldDelivery, afterMs: number, everyone = false) =>
      settle(hold, { to: "waiting", code: "channel_failing", next: later(afterMs), everyone }),
    mark: ({ id, lease }: HeldDelivery) =>
      database.write(markSending, { hold: { id, lease }, until: later(30_000) }),
    async states() {
      return Object.fromEntries((await rows()).map(({ id, state }) => [id, state]));
    },
    async events(prefix: string) {
      const events = await database.read
        .selectFrom("event")
        .selectAll()
        .where("kind", "like", `${prefix}%`)
        .orderBy("seq")
        .execute();
      return events.map(({ kind, subject, payload }) => ({ ...JSON.parse(payload), kind, subject }));
    },
  };
}

const ids = (held: readonly HeldDelivery[]): string[] => held.map(({ id }) => id);

const deliveries = [
  { rule: "a", channel: "phone", urgent: true },
  { rule: "a", channel: "mail", urgent: false },
];

const tellOf = (store: TestStore, visitId: string) => {
  const told = { visitId, deliveries, lane: "blue", at: store.clock.now(), moment: store.clock.moment() };
  return store.database.write(
    { name: "test.tell", run: (tx, args: typeof told) => addDeliveries(tx, args) },
    told,
  );
};

describe("what is put in", () => {
  it("is there once, however often the same visit is told of", async () => {
    await using store = await testStore();
    const visitId = await insertVisit(store);
    await tellOf(store, visitId);
    await tellOf(store, visitId);
    const rows = await desk(store).rows();
    expect(rows.map(({ channel, urgent, visit_id }) => [channel, urgent, visit_id])).toEqual([
      ["phone", 1, visitId],
      ["mail", 0, visitId],
    ]);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(2);
  });
});

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

describe("a failure", () => {
  it("waits for its time, and the first success wakes what failed, in its order", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    for (const id of ["a", "b", "c"]) await outbox.put(id);
    const [a, b, c] = await outbox.lease();
    await outbox.fail(c!, 10_000);
    await outbox.fail(b!, 20_000);
    await outbox.fail(a!, 30_000);
    store.clock.advance(29_999);
    expect(await outbox.lease({ room: 1 })).toEqual([]);
    store.clock.advance(1);
    const [again] = await outbox.lease({ room: 1 });
    expect(again).toMatchObject({ id: "a", attempt: 2 });
    await outbox.fail(again!, 60_000);
    await outbox.put("d");
    const [fresh] = await outbox.lease({ room: 1 });
    expect(fresh!.id).toBe("d");
    await outbox.deliver(fresh!);
    expect(ids(await outbox.lease())).toEqual(["a", "b", "c"]);
    expect(
      (await outbox.events("delivery.failed")).map(({ subject, attempt, code }) => [subject, attempt, code]),
    ).toEqual([
      ["c", 1, "channel_failing"],
      ["b", 1, "channel_failing"],
      ["a", 1, "channel_failing"],
      ["a", 2, "channel_failing"],
    ]);
  });

  it("holds the whole channel back where the receiver asked for patience, and no other", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    for (const id of ["a", "b"]) await outbox.put(id);
    await outbox.put("m", { channel: "mail" });
    const [a] = await outbox.lease({ room: 1 });
    await outbox.fail(a!, 17_000, true);
    expect(await outbox.lease()).toEqual([]);
    store.clock.advance(17_000);
    expect(ids(await outbox.lease())).toEqual(["a", "b"]);
  });

  it("that is final goes to the dead letters, and back when a person wants it", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    await outbox.put("a");
    const [a] = await outbox.lease();
    await outbox.settle(a!, { to: "dead", code: "channel_refused" });
    expect(await outbox.lease()).toEqual([]);
    expect(await outbox.events("delivery.")).toMatchObject([
      { kind: "delivery.dead", subject: "a", attempt: 1 },
    ]);
    store.clock.advance(12 * HOUR);
    const retry = (id: string) =>
      store.database.write(retryDead, { id, ...by, at: store.clock.now(), moment: store.clock.moment() });
    expect(await retry("none")).toBe("not_dead");
    expect(await retry("a")).toBe("waiting");
    expect(await retry("a")).toBe("not_dead");
    expect(await outbox.lease()).toMatchObject([{ id: "a", attempt: 1 }]);
    expect(
      await store.database.read.selectFrom("audit").select(["action", "subject", "actor"]).execute(),
    ).toEqual([{ action: "delivery.retry", subject: "delivery:a", actor: "user:1" }]);
  });

  it("does not count when the process stopped, and says whether the sending had begun", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    await outbox.put("a");
    const [a] = await outbox.lease();
    await outbox.settle(a!, { to: "released" });
    const [again] = await outbox.lease();
    expect(again).toMatchObject({ attempt: 1, uncertain: false });
    await outbox.mark(again!);
    await outbox.settle(again!, { to: "released" });
    expect(await outbox.lease()).toMatchObject([{ attempt: 1, uncertain: true }]);
    expect(await outbox.events("delivery.")).toEqual([]);
  });
});

describe("an acknowledgement", () => {
  const acknowledge = (store: TestStore, visitId: string) =>
    store.database.write(acknowledgeVisit, { visitId, ...by, at: store.clock.now() });

  it("cancels what waits of its visit and of no other, once, with event and audit", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    const [seen, other] = [await insertVisit(store), await insertVisit(store)];
    await outbox.put("told", { visitId: seen });
    await outbox.deliver((await outbox.lease())[0]!);
    await outbox.put("waits", { visitId: seen, channel: "mail" });
    await outbox.put("other", { visitId: other });
    expect(await acknowledge(store, seen)).toBe("acknowledged");
    expect(await acknowledge(store, seen)).toBe("already");
    expect(await acknowledge(store, "nobody's")).toBe("unknown_visit");
    expect(await outbox.states()).toEqual({ told: "delivered", waits: "cancelled", other: "waiting" });
    expect((await outbox.rows()).map(({ acknowledged_at }) => acknowledged_at !== null)).toEqual([
      true,
      true,
      false,
    ]);
    expect(await outbox.events("visit.acknowledged")).toMatchObject([{ subject: seen }]);
    expect(await store.database.read.selectFrom("audit").select(["action", "subject"]).execute()).toEqual([
      { action: "visit.acknowledge", subject: `visit:${seen}` },
    ]);
  });

  it("that comes before the visit is told of leaves nothing to tell", async () => {
    await using store = await testStore();
    const visitId = await insertVisit(store);
    await acknowledge(store, visitId);
    await tellOf(store, visitId);
    expect(await desk(store).rows()).toEqual([]);
  });

  it("stops what is leased before it is sent, and lets count what is being sent", async () => {
    await using store = await testStore();
    const outbox = desk(store);
    const visitId = await insertVisit(store);
    for (const id of ["sending", "leased", "failing"]) await outbox.put(id, { visitId });
    const [sending, leased, failing] = await outbox.lease();
    await outbox.mark(sending!);
    await outbox.mark(failing!);
    await acknowledge(store, visitId);
    expect(await outbox.mark(leased!)).toBe(false);
    expect(await outbox.fail(failing!, 1_000)).toBe(false);
    expect(await outbox.deliver(sending!)).toBe(true);
    expect(await outbox.states()).toEqual({
      sending: "delivered",
      leased: "cancelled",
      failing: "cancelled",
    });
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
