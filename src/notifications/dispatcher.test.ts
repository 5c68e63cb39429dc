import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { uuidv7 } from "../lib/ids.ts";
import { type Database, StorageError } from "../storage/database.ts";
import { followEvents, type SequencedEvent } from "../storage/events.ts";
import { type TestStore, testStore } from "../testing/database.ts";
import type { ChannelError } from "./channel.ts";
import { webhookReceiver } from "./channels/webhook.fixtures.ts";
import { type ProcessOrder, patientSettings } from "./dispatcher.fixtures.ts";
import {
  Dispatcher,
  type DispatcherConfig,
  type DispatcherDeps,
  type DispatchSettings,
} from "./dispatcher.ts";
import { exampleMessage } from "./message.fixtures.ts";
import { putDelivery, retryDead } from "./outbox.ts";

const HOUR = 3_600_000;

/** Puts a delivery into the outbox; its id. */
async function put(store: TestStore, change: { channel?: string; urgent?: boolean } = {}): Promise<string> {
  const { database, clock } = store;
  const id = uuidv7(clock.now());
  const delivery = {
    id,
    kind: "visit",
    channel: "phone",
    rule: "r",
    urgent: false,
    visitId: null,
    content: {},
    ...change,
  } as const;
  const when = { lane: "blue", at: clock.now(), moment: clock.moment() };
  await database.write({ name: "test.put", run: (tx) => putDelivery(tx, delivery, when) }, undefined);
  return id;
}

/** Resolves with the event, also when it has happened already; for the so many-th time. */
async function happened(store: TestStore, kind: string, subject: string, times = 1): Promise<SequencedEvent> {
  const found = new AbortController();
  let seen = 0;
  for await (const event of followEvents(store.database, { after: 0, prefix: kind, signal: found.signal })) {
    if (event.subject !== subject || ++seen < times) continue;
    found.abort();
    return event;
  }
  throw new Error("the bus has ended");
}

const rowOf = (store: TestStore, id: string) =>
  store.database.read.selectFrom("outbox").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

/** A running dispatcher between an outbox and the receivers `phone` and `mail`. */
async function running(
  change: {
    config?: Partial<DispatcherConfig>;
    settings?: Partial<DispatchSettings>;
    deps?: (store: TestStore) => Partial<DispatcherDeps>;
  } = {},
) {
  const store = await testStore();
  const phone = await webhookReceiver();
  const mail = await webhookReceiver({ name: "mail" });
  const counted: string[] = [];
  const errors: unknown[] = [];
  const watched: string[] = [];
  const settings = { ...patientSettings, ...change.settings };
  const dispatcher = new Dispatcher(
    { lane: "blue", holder: "ops", settings: () => settings, pollMs: 5, stopGraceMs: 0, ...change.config },
    {
      ...store,
      channels: [phone.channel, mail.channel],
      render: async ({ id }) => exampleMessage({ id }),
      metrics: { sent: (...labels) => counted.push(labels.join(" ")) },
      watch: {
        async inTrace({ attempt }, work) {
          watched.push(`try ${attempt}`);
          await work();
          watched.push(`end of ${attempt}`);
        },
        onSent: () => watched.push("sent"),
        onFailed: (_, error, fate) => watched.push(`${(error as ChannelError).code}: ${fate}`),
      },
      onError: (_, error) => errors.push(error),
      random: () => 1,
      ...change.deps?.(store),
    },
  );
  await dispatcher.start();
  return {
    ...{ store, phone, mail, counted, errors, watched, dispatcher },
    clock: store.clock,
    async [Symbol.asyncDispose]() {
      await dispatcher.stop();
      await phone[Symbol.asyncDispose]();
      await mail[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

describe("the dispatcher", () => {
  it("delivers what is committed, says so on the bus and counts it", async () => {
    await using house = await running();
    const id = await put(house.store);
    const event = await happened(house.store, "delivery.sent", id);
    expect(event.payload).toMatchObject({ channel: "phone", kind: "visit", rule: "r", attempt: 1 });
    expect(house.phone.received()).toEqual([id]);
    expect(await rowOf(house.store, id)).toMatchObject({ state: "delivered", lease: null, sending: 0 });
    expect(house.counted).toEqual(["phone visit sent"]);
  });

  it("keeps the order of a channel", async () => {
    await using house = await running();
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push(await put(house.store));
    await happened(house.store, "delivery.sent", ids.at(-1)!);
    expect(house.phone.received()).toEqual(ids);
  });

  it("lets no channel that hangs hold up another, nor take more than its places", async () => {
    await using house = await running({ settings: { atOncePerChannel: 2 } });
    house.phone.behave("hang");
    for (let i = 0; i < 4; i++) await put(house.store);
    await house.phone.called(2);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await put(house.store, { channel: "mail" }));
    await happened(house.store, "delivery.sent", ids.at(-1)!);
    expect(house.mail.received()).toEqual(ids);
    expect(house.phone.calls()).toBe(2);
  });

  it("ends a try that takes too long, and tries again", async () => {
    await using house = await running({ settings: { timeoutMs: 100 } });
    house.phone.behave("hang");
    const id = await put(house.store);
    expect((await happened(house.store, "delivery.failed", id)).payload.code).toBe("channel_timeout");
    house.phone.behave("accept");
    house.clock.advance(1_000);
    await happened(house.store, "delivery.sent", id);
    expect(house.phone.calls()).toBe(2);
    expect(house.counted).toEqual(["phone visit failed", "phone visit sent"]);
  });

  it("has each try watched from its begin to its recorded end", async () => {
    await using house = await running({ settings: { maxTries: 2 } });
    house.phone.behave("fail");
    const id = await put(house.store);
    await happened(house.store, "delivery.failed", id);
    house.phone.behave("accept");
    house.clock.advance(1_000);
    await happened(house.store, "delivery.sent", id);
    await house.dispatcher.stop();
    expect(house.watched).toEqual(
      ["try 1", "channel_failing: waiting", "end of 1"].concat("try 2", "sent", "end of 2"),
    );
  });

  it("waits longer from try to try, by the monotonic clock, though the wall is set back an hour", async () => {
    await using house = await running();
    house.phone.behave("fail");
    const id = await put(house.store);
    const waits: number[] = [];
    for (let tries = 1; tries <= 4; tries++) {
      await happened(house.store, "delivery.failed", id, tries);
      house.clock.setWall(house.clock.now() - HOUR);
      waits.push((await rowOf(house.store, id)).available_uptime - house.clock.moment().uptimeMs);
      house.clock.advance(waits.at(-1)!);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it("heeds the patience that a receiver asks for", async () => {
    await using house = await running();
    house.phone.behave("busy");
    const id = await put(house.store);
    await happened(house.store, "delivery.failed", id);
    expect((await rowOf(house.store, id)).available_uptime - house.clock.moment().uptimeMs).toBe(17_000);
  });

  it("puts to the dead letters at once what cannot succeed, and after its tries what might, until a person wants it", async () => {
    await using house = await running({ settings: { maxTries: 2 } });
    house.phone.behave("refuse");
    const refused = await put(house.store);
    expect((await happened(house.store, "delivery.dead", refused)).payload).toMatchObject({
      code: "channel_refused",
      attempt: 1,
    });
    house.phone.behave("fail");
    const failed = await put(house.store);
    await happened(house.store, "delivery.failed", failed);
    house.clock.advance(1_000);
    expect((await happened(house.store, "delivery.dead", failed)).payload).toMatchObject({
      code: "channel_failing",
      attempt: 2,
    });
    expect(house.counted).toEqual(["phone visit dead", "phone visit failed", "phone visit dead"]);
    house.phone.behave("accept");
    const { clock, database } = house.store;
    await database.write(retryDead, {
      id: failed,
      actor: "user:1",
      origin: "-",
      at: clock.now(),
      moment: clock.moment(),
    });
    await happened(house.store, "delivery.sent", failed);
    expect(house.phone.received()).toEqual([failed]);
  });

  it("tries again what failed for a reason nobody foresaw, and cancels what has nothing to tell", async () => {
    let broken = true;
    await using house = await running({
      deps: () => ({
        async render({ id, urgent }) {
          if (urgent) return null;
          if (broken) throw new TypeError("a fault of the program");
          return exampleMessage({ id });
        },
      }),
    });
    const id = await put(house.store);
    expect((await happened(house.store, "delivery.failed", id)).payload.code).toBe("failed");
    broken = false;
    house.clock.advance(1_000);
    await happened(house.store, "delivery.sent", id);
    const gone = await put(house.store, { urgent: true });
    expect((await happened(house.store, "delivery.cancelled", gone)).payload.code).toBe("nothing_to_tell");
  });

  it("delivers in order what is still worth telling when a channel is back after a day", async () => {
    await using house = await running({ settings: { perMinute: 10, perHour: 100 } });
    house.phone.behave("fail");
    const stale = [await put(house.store), await put(house.store)];
    const urgent = [await put(house.store, { urgent: true }), await put(house.store, { urgent: true })];
    for (let halfHours = 1; halfHours <= 48; halfHours++) {
      await happened(house.store, "delivery.failed", urgent[0]!, halfHours);
      house.clock.advance(HOUR / 2);
    }
    await happened(house.store, "delivery.failed", urgent[0]!, 49);
    const fresh = [await put(house.store), await put(house.store)];
    for (const id of fresh) await happened(house.store, "delivery.failed", id);
    house.phone.behave("accept");
    house.clock.advance(HOUR / 2);
    await happened(house.store, "delivery.sent", fresh.at(-1)!);
    expect(house.phone.received()).toEqual([...urgent, ...fresh]);
    for (const id of stale)
      expect(await rowOf(house.store, id)).toMatchObject({ state: "cancelled", last_error: "stale" });
  });

  it("does not send again what it cannot record because the disk is full, however long that lasts", async () => {
    let full = true;
    const fullAt = (database: Database): Database => ({
      ...database,
      write: (act, args) =>
        full && act.name === "outbox.settle"
          ? Promise.reject(
              new StorageError("commit: disk full", { code: "storage_full", hint: "", retryable: true }),
            )
          : database.write(act, args),
    });
    await using house = await running({
      settings: { atOncePerChannel: 2 },
      deps: ({ database }) => ({ database: fullAt(database) }),
    });
    const id = await put(house.store);
    await house.phone.called(1);
    while (house.errors.length < 3) await new Promise(setImmediate);
    house.clock.advance(HOUR);
    while (house.errors.length < 6) await new Promise(setImmediate);
    expect(await rowOf(house.store, id)).toMatchObject({ state: "waiting", sending: 1 });
    full = false;
    await happened(house.store, "delivery.sent", id);
    expect(house.phone.received()).toEqual([id]);
  });

  it("goes on when a write is refused while it takes deliveries", async () => {
    let locked = 2;
    await using house = await running({
      deps: ({ database }) => ({
        database: {
          ...database,
          write: (act, args) =>
            act.name === "outbox.lease" && locked-- > 0
              ? Promise.reject(
                  new StorageError("begin: locked", { code: "storage_locked", hint: "", retryable: true }),
                )
              : database.write(act, args),
        },
      }),
    });
    const id = await put(house.store);
    await happened(house.store, "delivery.sent", id);
    expect(house.errors).toHaveLength(2);
    expect(house.phone.calls()).toBe(1);
  });
});

describe("when it stops, the dispatcher", () => {
  it("finishes what is being sent", async () => {
    await using house = await running({ config: { stopGraceMs: 60_000 } });
    const slow = Promise.withResolvers<void>();
    house.phone.answerWith((response) => void slow.promise.then(() => response.writeHead(204).end()));
    const id = await put(house.store);
    await house.phone.called(1);
    const stopped = house.dispatcher.stop();
    slow.resolve();
    await stopped;
    expect(await rowOf(house.store, id)).toMatchObject({ state: "delivered", attempts: 1 });
  });

  it("gives back what does not finish in time, without counting the try, and takes nothing more", async () => {
    await using house = await running();
    house.phone.behave("hang");
    const sending = await put(house.store);
    await house.phone.called(1);
    const waiting = await put(house.store);
    await house.dispatcher.stop();
    const given = { state: "waiting", lease: null, attempts: 0 };
    expect(await rowOf(house.store, sending)).toMatchObject({ ...given, sending: 1 });
    expect(await rowOf(house.store, waiting)).toMatchObject({ ...given, sending: 0 });
    expect(house.phone.calls()).toBe(1);
  });
});

describe("when its process is killed, a delivery", () => {
  /** Runs the process of `dispatcher.fixtures.ts`. */
  function dispatch(order: ProcessOrder, failpoints = "") {
    const script = resolve(import.meta.dirname, "dispatcher.fixtures.ts");
    const child = spawn(process.execPath, [script, JSON.stringify(order)], {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, DOORBELL_FAILPOINTS: failpoints },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  }

  async function killedAt(place: string, recognisesRepeats: boolean) {
    const store = await testStore();
    const phone = await webhookReceiver();
    const order = { path: store.path, url: phone.url, recognisesRepeats };
    // The process has the real clocks.
    store.clock.setWall(Date.now());
    const id = await put(store);
    const [, signal] = await once(dispatch(order, place), "exit");
    expect(signal).toBe("SIGKILL");
    expect(await rowOf(store, id)).toMatchObject({ state: "waiting", sending: 1 });
    return {
      ...{ store, phone, id },
      /** The next life of the process, until the delivery has come to this end. */
      async again(end: string) {
        const next = dispatch(order);
        const event = await happened(store, end, id);
        next.kill("SIGTERM");
        expect(await once(next, "exit")).toEqual([0, null]);
        return event;
      },
      async [Symbol.asyncDispose]() {
        await phone[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      },
    };
  }

  it("arrives once when that was before the sending", async () => {
    await using house = await killedAt("outbox.before-send", true);
    expect(house.phone.received()).toEqual([]);
    await house.again("delivery.sent");
    expect(house.phone.received()).toEqual([house.id]);
  });

  it.each(["outbox.after-send", "outbox.before-settle"])(
    "arrives once more under the same id when that was at %s, and not a third time",
    async (place) => {
      await using house = await killedAt(place, true);
      expect((await house.again("delivery.sent")).payload.attempt).toBe(2);
      expect(house.phone.received()).toEqual([house.id, house.id]);
    },
  );

  it("does not go out again on a channel whose receivers would not recognise it: a person decides", async () => {
    await using house = await killedAt("outbox.after-send", false);
    expect((await house.again("delivery.dead")).payload.code).toBe("outcome_unknown");
    expect(house.phone.received()).toEqual([house.id]);
  });
});
