import { pino } from "pino";
import { expect, it } from "vitest";
import { DoorbellError } from "../../lib/errors.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { LeasedJob, Queue } from "../../queue/queue.ts";
import { conclude, enqueue, sqliteQueue } from "../../queue/sqlite-queue.ts";
import type { Act } from "../../storage/database.ts";
import { type TestStore, testStore } from "../../testing/database.ts";
import type { GiveUp, JobHandler } from "./job-handler.ts";
import { type JobEnd, Worker } from "./worker.ts";

const LEASE_MS = 300;

const concludeJob: Act<LeasedJob, void> = { name: "test.conclude", run: conclude };

/** A queue, a worker on it, and a handler that the test drives. */
function workshop(store: TestStore, work: (job: LeasedJob, signal: AbortSignal) => Promise<void>) {
  const { database, clock } = store;
  const backoff = { firstMs: 1_000, maxMs: 60_000 };
  const queueOf = (holder: string): Queue =>
    sqliteQueue({ lane: "blue", holder, leaseMs: LEASE_MS, backoff }, store);
  const ends: JobEnd[] = [];
  const givenUp: GiveUp[] = [];
  const handler: JobHandler = {
    kind: "visit",
    run: work,
    async giveUp(job, why) {
      givenUp.push(why);
      await database.write(concludeJob, job);
    },
  };
  const workerOn = (queue: Queue): Worker =>
    new Worker(
      { leaseMs: LEASE_MS, pollMs: 10 },
      { queue, handlers: [handler], log: pino({ level: "silent" }), onEnd: (_, end) => ends.push(end) },
    );
  const put = async (maxTries = 3): Promise<string> => {
    const id = uuidv7(clock.now());
    const job = { id, kind: "visit", priority: 0, payload: {}, payloadVersion: 1, maxTries };
    const when = { lane: "blue", at: clock.now(), moment: clock.moment() };
    await database.write({ name: "test.put", run: (tx) => enqueue(tx, job, when) }, undefined);
    return id;
  };
  const row = (id: string) =>
    database.read.selectFrom("job").selectAll().where("id", "=", id).executeTakeFirst();
  const finish = (job: LeasedJob) => database.write(concludeJob, job);
  return { queue: queueOf("blue/w"), queueOf, workerOn, ends, givenUp, put, row, finish };
}

/** Work that begins, waits to be let go, and then succeeds. */
function gated() {
  const begun = Promise.withResolvers<LeasedJob>();
  const gate = Promise.withResolvers<void>();
  return {
    begun: begun.promise,
    letGo: gate.resolve,
    async pass(job: LeasedJob) {
      begun.resolve(job);
      await gate.promise;
    },
  };
}

it("finishes the job at hand when it is stopped, and takes no other", async () => {
  await using store = await testStore();
  const { pass, begun, letGo } = gated();
  const shop = workshop(store, async (job) => {
    await pass(job);
    await shop.finish(job);
  });
  const [first, second] = [await shop.put(), await shop.put()];
  const worker = shop.workerOn(shop.queue);
  await worker.start();
  await begun;
  const stopped = worker.stop();
  letGo();
  await stopped;
  expect(await shop.row(first)).toBeUndefined();
  expect(await shop.row(second)).toMatchObject({ attempts: 0, lease: null });
  expect(shop.ends).toEqual([{ status: "success" }]);
});

it("gives a job back that it got while it was being stopped; that try does not count", async () => {
  await using store = await testStore();
  const { pass, begun, letGo } = gated();
  const shop = workshop(store, () => Promise.reject(new Error("never begun")));
  const slow: Queue = {
    ...shop.queue,
    async lease(...what) {
      const jobs = await shop.queue.lease(...what);
      for (const job of jobs) await pass(job);
      return jobs;
    },
  };
  const id = await shop.put();
  const worker = shop.workerOn(slow);
  await worker.start();
  await begun;
  const stopped = worker.stop();
  letGo();
  await stopped;
  expect(await shop.row(id)).toMatchObject({ attempts: 0, lease: null });
  expect(await shop.queueOf("blue/next").lease(["visit"], 1)).toMatchObject([{ id, attempt: 1 }]);
});

it("takes back at its start what an earlier life of it held", async () => {
  await using store = await testStore();
  const done = Promise.withResolvers<LeasedJob>();
  const shop = workshop(store, async (job) => {
    await shop.finish(job);
    done.resolve(job);
  });
  await shop.put();
  await shop.queueOf("blue/w").lease(["visit"], 1);
  const worker = shop.workerOn(shop.queue);
  await worker.start();
  expect(await done.promise).toMatchObject({ attempt: 2 });
  await worker.stop();
});

it("holds its job as long as it works, whatever the wall clock does", async () => {
  await using store = await testStore();
  const { pass, begun, letGo } = gated();
  const shop = workshop(store, async (job) => {
    await pass(job);
    await shop.finish(job);
  });
  const id = await shop.put();
  const worker = shop.workerOn(shop.queue);
  await worker.start();
  await begun;
  const other = shop.queueOf("blue/other");
  const until = (await shop.row(id))!.available_uptime;
  store.clock.setWall(store.clock.now() - 3_600_000);
  store.clock.advance(LEASE_MS - 1);
  await expect.poll(async () => (await shop.row(id))!.available_uptime).toBe(until + LEASE_MS - 1);
  store.clock.setWall(store.clock.now() + 7_200_000);
  expect(await other.lease(["visit"], 1)).toEqual([]);
  letGo();
  await worker.stop();
  expect(await shop.row(id)).toBeUndefined();
});

it("is told when its lease is lost, and its result does not count", async () => {
  await using store = await testStore();
  const { pass, begun, letGo } = gated();
  const told = Promise.withResolvers<unknown>();
  const shop = workshop(store, async (job, signal) => {
    signal.addEventListener("abort", () => told.resolve(signal.reason));
    await pass(job);
    await shop.finish(job);
  });
  const id = await shop.put();
  const worker = shop.workerOn(shop.queue);
  await worker.start();
  await begun;
  store.clock.advance(LEASE_MS);
  const [taken] = await shop.queueOf("blue/other").lease(["visit"], 1);
  expect(taken).toMatchObject({ id, attempt: 2 });
  expect(await told.promise).toMatchObject({ code: "lease_lost" });
  letGo();
  await worker.stop();
  expect(await shop.row(id)).toMatchObject({ lease: taken!.lease, state: "open" });
  expect(shop.ends).toEqual([]);
  expect(shop.givenUp).toEqual([]);
});

it("tries again what may pass, after a wait, and gives up after the last try", async () => {
  await using store = await testStore();
  const attempts: number[] = [];
  const shop = workshop(store, async ({ attempt }) => {
    attempts.push(attempt);
    throw new Error("the camera's cable");
  });
  const id = await shop.put(2);
  const worker = shop.workerOn(shop.queue);
  await worker.start();
  await expect.poll(() => shop.ends.length).toBe(1);
  await expect.poll(() => shop.row(id)).toMatchObject({ lease: null, last_error: "the camera's cable" });
  store.clock.advance(60_000);
  await expect.poll(() => shop.givenUp).toEqual([{ code: "failed", message: "the camera's cable" }]);
  await worker.stop();
  expect(attempts).toEqual([1, 2]);
  expect(shop.ends.map(({ status }) => status)).toEqual(["retry", "failure"]);
});

it("waits out a full disk: however long it lasts, that is no try of the job", async () => {
  await using store = await testStore();
  let full = 7;
  const shop = workshop(store, async (job) => {
    if (full-- > 0)
      throw new DoorbellError("store picture: disk full", {
        code: "storage_full",
        hint: "",
        retryable: true,
      });
    await shop.finish(job);
  });
  const id = await shop.put(2);
  const worker = shop.workerOn(shop.queue);
  await worker.start();
  await expect
    .poll(
      async () => {
        store.clock.advance(60_000);
        return shop.row(id);
      },
      { timeout: 10_000 },
    )
    .toBeUndefined();
  await worker.stop();
  expect(shop.ends.map(({ status }) => status)).toEqual([...Array(7).fill("retry"), "success"]);
  expect(shop.givenUp).toEqual([]);
});

it("gives up at once what is known not to pass", async () => {
  await using store = await testStore();
  const shop = workshop(store, () =>
    Promise.reject(new DoorbellError("no such door", { code: "door_unknown", hint: "-" })),
  );
  await shop.put(5);
  const worker = shop.workerOn(shop.queue);
  await worker.start();
  await expect.poll(() => shop.givenUp).toEqual([{ code: "door_unknown", message: "no such door" }]);
  await worker.stop();
  expect(shop.ends.map(({ status }) => status)).toEqual(["failure"]);
});

it("goes on when the database could not be asked for work", async () => {
  await using store = await testStore();
  const done = Promise.withResolvers<void>();
  const shop = workshop(store, async (job) => {
    await shop.finish(job);
    done.resolve();
  });
  let faults = 3;
  const locked: Queue = {
    ...shop.queue,
    async lease(...what) {
      if (faults-- > 0) throw new Error("database is locked");
      return shop.queue.lease(...what);
    },
  };
  await shop.put();
  const worker = shop.workerOn(locked);
  await worker.start();
  await done.promise;
  await worker.stop();
  expect(faults).toBeLessThan(0);
});
