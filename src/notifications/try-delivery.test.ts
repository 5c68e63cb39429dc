import { expect, it } from "vitest";
import { StorageError } from "../storage/database.ts";
import { type TestStore, testStore } from "../testing/database.ts";
import { type Channel, ChannelError } from "./channel.ts";
import type { HeldDelivery } from "./leasing.ts";
import { exampleMessage } from "./message.fixtures.ts";
import { desk } from "./outbox.fixtures.ts";
import { type TryDeps, type TryLimits, tryDelivery } from "./try-delivery.ts";

const HOUR = 3_600_000;
const limits: TryLimits = { maxTries: 3, retry: { firstMs: 1_000, maxMs: 8_000 }, timeoutMs: 60_000 };

/** A held delivery, and a channel that does as told and counts. */
async function held(store: TestStore, deliver: () => Promise<void> = async () => {}) {
  const outbox = desk(store);
  await outbox.put("a");
  const [delivery] = await outbox.lease();
  let sent = 0;
  const failed: unknown[] = [];
  const channel: Channel = {
    kind: "test",
    name: "phone",
    recognisesRepeats: true,
    deliver() {
      sent += 1;
      return deliver();
    },
  };
  const stopping = new AbortController();
  return {
    sent: () => sent,
    /** What the watch was told of failures. */
    failed,
    stopping,
    attempt: (change: Partial<HeldDelivery> = {}, deps: Partial<TryDeps> = {}) =>
      tryDelivery(
        { ...delivery!, ...change },
        channel,
        limits,
        {
          ...store,
          render: async ({ id }) => exampleMessage({ id }),
          random: () => 1,
          watch: {
            inTrace: (_, work) => work(),
            onSent: () => {},
            onFailed: ({ id }, error, fate) => failed.push([id, error, fate]),
          },
          ...deps,
        },
        stopping.signal,
      ),
  };
}

it("buries what has killed its process in every try, without sending it once more", async () => {
  await using store = await testStore();
  const { attempt, sent, failed } = await held(store);
  expect(await attempt({ attempt: 4 })).toEqual({ to: "dead", code: "tries_exhausted" });
  expect(sent()).toBe(0);
  expect(failed).toEqual([["a", expect.objectContaining({ code: "tries_exhausted" }), "dead"]]);
});

it("tells of each try that failed why, and what becomes of the delivery", async () => {
  await using store = await testStore();
  const fault = new TypeError("a fault of the program");
  const { attempt, failed } = await held(store, () => Promise.reject(fault));
  await attempt();
  await attempt({ attempt: 3 });
  expect(failed).toEqual([
    ["a", fault, "waiting"],
    ["a", fault, "dead"],
  ]);
});

it("sends nothing while it cannot be recorded that the sending begins", async () => {
  await using store = await testStore();
  const { attempt, sent } = await held(store);
  const full = new StorageError("commit: disk full", { code: "storage_full", hint: "", retryable: true });
  const database = { ...store.database, write: () => Promise.reject(full) };
  expect(await attempt({}, { database })).toEqual({ to: "released" });
  expect(sent()).toBe(0);
});

it("sends nothing once its lease is lost or the process will wait no longer", async () => {
  await using store = await testStore();
  const { attempt, sent, failed, stopping } = await held(store);
  expect(await attempt({ lease: "another's" })).toBeNull();
  stopping.abort();
  expect(await attempt()).toEqual({ to: "released" });
  expect(sent()).toBe(0);
  expect(failed).toEqual([]);
});

it("hears a receiver's wish for patience up to an hour, and never waits less than its own", async () => {
  await using store = await testStore();
  let patience: number | undefined;
  const { attempt } = await held(store, async () => {
    throw new ChannelError("busy", {
      code: "channel_busy",
      hint: "",
      retryable: true,
      retryAfterMs: patience,
    });
  });
  const waitAfter = async (retryAfterMs: number | undefined) => {
    patience = retryAfterMs;
    const ending = await attempt();
    if (ending?.to !== "waiting") throw new Error(`it is ${ending?.to}`);
    return [ending.next.uptimeMs - store.clock.moment().uptimeMs, ending.everyone];
  };
  expect(await waitAfter(undefined)).toEqual([1_000, false]);
  expect(await waitAfter(10)).toEqual([1_000, true]);
  expect(await waitAfter(17_000)).toEqual([17_000, true]);
  expect(await waitAfter(1e12)).toEqual([HOUR, true]);
});
