import { describe, expect, it } from "vitest";
import { type TestStore, testStore } from "../testing/database.ts";
import { channelStates } from "./channel-states.ts";
import { isTestDue, SelfTests, testMinute } from "./self-test.ts";
import { notificationSettings } from "./settings.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;
const { selfTest: settings } = notificationSettings.parse({ selfTest: { at: "10:00", spreadMinutes: 0 } });
const at = (iso: string): number => Date.parse(iso);

const watching = (store: TestStore, change: Partial<typeof settings> = {}) =>
  new SelfTests(
    {
      lane: "blue",
      channels: ["phone", "mail"],
      settings: () => ({ ...settings, ...change }),
      timeZone: () => "Europe/Berlin",
      everyMs: MINUTE,
    },
    {
      ...store,
      onError: (_, error) => {
        throw error;
      },
    },
  );

const tests = (store: TestStore) =>
  store.database.read
    .selectFrom("outbox")
    .select(["channel", "kind", "state", "lane"])
    .orderBy("seq")
    .execute();

/** What a dispatcher would write. */
const deliver = (store: TestStore, channel: string) =>
  store.database.write(
    {
      name: "test.deliver",
      run: async (tx) => {
        const set = { state: "delivered" as const, delivered_at: store.clock.now() };
        await tx
          .updateTable("outbox")
          .set(set)
          .where("channel", "=", channel)
          .where("state", "=", "waiting")
          .execute();
      },
    },
    undefined,
  );

const events = async (store: TestStore): Promise<string[]> => {
  const rows = await store.database.read
    .selectFrom("event")
    .select(["kind", "subject"])
    .orderBy("seq")
    .execute();
  return rows.map(({ kind, subject }) => `${kind} ${subject}`);
};

describe("the daily test", () => {
  it("is put into the outbox for each channel once its minute has come, once a day", async () => {
    await using store = await testStore();
    const selfTests = watching(store);
    store.clock.setWall(at("2026-01-05T08:59:59Z")); // 09:59:59 in Berlin
    await selfTests.look();
    expect(await tests(store)).toEqual([]);
    store.clock.advance(1_000);
    await selfTests.look();
    await selfTests.look();
    const test = { kind: "self_test", state: "waiting", lane: "blue" };
    expect(await tests(store)).toEqual([
      { ...test, channel: "phone" },
      { ...test, channel: "mail" },
    ]);
    store.clock.advance(13 * HOUR);
    await selfTests.look();
    expect(await tests(store)).toHaveLength(2);
    store.clock.advance(11 * HOUR);
    await selfTests.look();
    expect(await tests(store)).toHaveLength(4);
  });

  it("is not doubled by a restart, nor by a clock that is set back over midnight", async () => {
    await using store = await testStore();
    store.clock.setWall(at("2026-01-05T23:30:00Z")); // the 6th, 00:30 in Berlin
    await watching(store, { at: "00:00" }).look();
    await watching(store, { at: "00:00" }).look();
    expect(await tests(store)).toHaveLength(2);
    store.clock.setWall(at("2026-01-05T22:30:00Z"));
    await watching(store, { at: "00:00" }).look();
    const yesterdays = 2;
    expect(await tests(store)).toHaveLength(2 + yesterdays);
    store.clock.setWall(at("2026-01-05T23:30:00Z"));
    await watching(store, { at: "00:00" }).look();
    expect(await tests(store)).toHaveLength(2 + yesterdays);
  });

  it("is made up for when its hour does not exist or was slept through", async () => {
    await using store = await testStore();
    store.clock.setWall(at("2026-03-29T01:00:00Z")); // 03:00, the clock has just left out 02:00 to 03:00
    await watching(store, { at: "02:30" }).look();
    expect(await tests(store)).toHaveLength(2);
  });

  it("has a minute of its own for each channel, the same every day and never after midnight", () => {
    const minutes = new Set(
      ["phone", "mail", "log", "a", "b", "c"].map((name) =>
        testMinute(name, { ...settings, spreadMinutes: 60 }),
      ),
    );
    expect(minutes.size).toBeGreaterThan(3);
    for (const minute of minutes)
      expect(minute - 600).toSatisfy((spread: number) => spread >= 0 && spread <= 60);
    expect(testMinute("phone", { ...settings, at: "23:59", spreadMinutes: 600 })).toBe(1439);
    expect(testMinute("phone", { ...settings, at: "24:00" })).toBe(1439);
  });

  it("is due at once when the channel will soon count as silent, and never while it is turned off", () => {
    expect(isTestDue("phone", 0, 25 * HOUR - 1, settings)).toBe(false);
    expect(isTestDue("phone", 0, 25 * HOUR, settings)).toBe(true);
    expect(isTestDue("phone", 1439, 25 * HOUR, { ...settings, enabled: false })).toBe(false);
  });
});

describe("a channel", () => {
  it("is silent when nothing has arrived for 26 hours, and is heard again, each said once", async () => {
    await using store = await testStore();
    const selfTests = watching(store);
    await selfTests.look();
    await deliver(store, "phone");
    await deliver(store, "mail");
    store.clock.advance(21 * HOUR);
    await selfTests.look();
    await deliver(store, "phone");
    store.clock.advance(5 * HOUR - 1);
    await selfTests.look();
    expect(await events(store)).toEqual([]);
    store.clock.advance(1);
    await selfTests.look();
    await selfTests.look();
    await watching(store).look();
    expect(await events(store)).toEqual(["channel.silent mail"]);
    expect(await channelStates(store.database, ["phone", "mail"])).toMatchObject([
      { name: "phone", state: "working" },
      { name: "mail", state: "silent" },
    ]);
    await deliver(store, "mail");
    await selfTests.look();
    await selfTests.look();
    expect(await events(store)).toEqual(["channel.silent mail", "channel.heard mail"]);
  });

  it("counts from when it was first configured while nothing has ever arrived", async () => {
    await using store = await testStore();
    const selfTests = watching(store);
    await selfTests.look();
    store.clock.advance(26 * HOUR - 1);
    await selfTests.look();
    expect(await events(store)).toEqual([]);
    store.clock.advance(1);
    await selfTests.look();
    expect(await events(store)).toEqual(["channel.silent phone", "channel.silent mail"]);
  });

  it("has time to speak up after days without power", async () => {
    await using store = await testStore();
    await watching(store).look();
    await deliver(store, "phone");
    await deliver(store, "mail");
    store.clock.advance(3 * 24 * HOUR);
    const after = watching(store);
    await after.look();
    expect(await tests(store)).toHaveLength(4);
    await deliver(store, "phone");
    store.clock.advance(15 * MINUTE);
    await after.look();
    expect(await events(store)).toEqual(["channel.silent mail"]);
  });

  it("is not called silent where the tests are turned off", async () => {
    await using store = await testStore();
    const selfTests = watching(store, { enabled: false });
    await selfTests.look();
    store.clock.advance(100 * HOUR);
    await selfTests.look();
    expect(await events(store)).toEqual([]);
    expect(await channelStates(store.database, ["phone"])).toEqual([
      { name: "phone", state: "untried", lastSuccessAt: null, lastError: null, waiting: 0, dead: 0 },
    ]);
  });

  it("is failing while something waits after a failure, or died after the last success", async () => {
    await using store = await testStore();
    const selfTests = watching(store);
    const set = (values: object) =>
      store.database.write(
        {
          name: "t",
          run: async (tx, args: object) =>
            void (await tx
              .updateTable("outbox")
              .set(args)
              .where("channel", "=", "phone")
              .where("state", "=", "waiting")
              .execute()),
        },
        values,
      );
    const state = async () => (await channelStates(store.database, ["phone"]))[0];
    await selfTests.look();
    expect(await state()).toMatchObject({ state: "untried", waiting: 1 });
    await set({ last_error: "channel_timeout" });
    expect(await state()).toMatchObject({ state: "failing", lastError: "channel_timeout", waiting: 1 });
    await deliver(store, "phone");
    expect(await state()).toMatchObject({ state: "working", waiting: 0, lastSuccessAt: store.clock.now() });
    store.clock.advance(24 * HOUR);
    await selfTests.look();
    await set({ state: "dead", last_error: "channel_refused" });
    expect(await state()).toMatchObject({ state: "failing", lastError: "channel_refused", dead: 1 });
    store.clock.advance(24 * HOUR);
    await selfTests.look();
    await deliver(store, "phone");
    expect(await state()).toMatchObject({ state: "working", lastError: null, dead: 1 });
  });
});

it("looks by itself when started, and stops", async () => {
  await using store = await testStore();
  const selfTests = watching(store);
  selfTests.start();
  await selfTests.stop();
  expect(await tests(store)).toHaveLength(2);
});
