import { describe, expect, it } from "vitest";
import { insertVisit, type TestStore, testStore } from "../testing/database.ts";
import { acknowledgeVisit } from "./acknowledge.ts";
import { desk, ids } from "./outbox.fixtures.ts";
import { addDeliveries, retryDead } from "./outbox.ts";

const HOUR = 3_600_000;
const by = { actor: "user:1", origin: "-" };
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
