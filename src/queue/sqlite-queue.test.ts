import { expect, it } from "vitest";
import { callInChild } from "../testing/child.ts";
import { type TestStore, testStore } from "../testing/database.ts";
import { queueContract } from "./queue.contract.ts";
import { LEASE_MS, type QueueUnderTest, WAIT_MS } from "./queue.model.ts";
import type { Job, LeasedJob } from "./queue.ts";
import { bury, conclude, enqueue, requireHold, sqliteQueue } from "./sqlite-queue.ts";

function underTest(store: TestStore): QueueUnderTest {
  const { database, clock } = store;
  const backoff = { firstMs: WAIT_MS, maxMs: WAIT_MS };
  return {
    open: (lane, holder) => sqliteQueue({ lane, holder, leaseMs: LEASE_MS, backoff }, store),
    enqueue: (job, lane) =>
      database.write(
        {
          name: "job.enqueue",
          run: (tx) => enqueue(tx, job, { lane, at: clock.now(), moment: clock.moment() }),
        },
        undefined,
      ),
    conclude: (job) => database.write({ name: "job.conclude", run: (tx) => conclude(tx, job) }, undefined),
    bury: (job, reason) =>
      database.write({ name: "job.bury", run: (tx) => bury(tx, job, reason) }, undefined),
    advance: clock.advance,
    setWall: clock.setWall,
    reboot: clock.reboot,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

queueContract("in a table of the database", async () => underTest(await testStore()));

const job = (id: string): Job => ({
  id,
  kind: "visit",
  priority: 0,
  payload: null,
  payloadVersion: 1,
  maxTries: 3,
});

it("gives each job to one of two processes that work it off at once", async () => {
  await using store = await testStore();
  const queue = underTest(store);
  const ids = Array.from({ length: 60 }, (_, at) => `job-${at}`);
  await Promise.all(ids.map((id) => queue.enqueue(job(id), "blue")));
  const module = new URL("./sqlite-queue.fixture.ts", import.meta.url);
  const work = (holder: string) => callInChild({ module, name: "workOff", args: [store.path, holder] });
  const ended = await Promise.all([work("blue/a"), work("blue/b")]);
  const done = ended.flatMap(({ answer }) => answer?.result as string[]);
  expect(done.sort()).toEqual(ids.sort());
  expect(await queue.open("blue", "blue/a").depth()).toEqual([]);
});

it("keeps nothing of an act that does its last step without holding the job any more", async () => {
  await using store = await testStore();
  const queue = underTest(store);
  await queue.enqueue(job("1"), "blue");
  const [stale] = await queue.open("blue", "blue/a").lease(["visit"], 1);
  store.clock.advance(LEASE_MS);
  const [held] = await queue.open("blue", "blue/b").lease(["visit"], 1);
  const record = (by: LeasedJob) =>
    store.database.write(
      {
        name: "visit.record",
        async run(tx) {
          await tx.insertInto("memo").values({ key: "record", value: by.lease }).execute();
          await requireHold(tx, by);
        },
      },
      undefined,
    );
  await expect(record(stale!)).rejects.toMatchObject({ code: "lease_lost", retryable: false });
  await record(held!);
  expect(await store.database.read.selectFrom("memo").select("value").execute()).toEqual([
    { value: held!.lease },
  ]);
});

it("tells in the dead letters why", async () => {
  await using store = await testStore();
  const queue = underTest(store);
  for (const id of ["1", "2"]) await queue.enqueue(job(id), "blue");
  const worker = queue.open("blue", "blue/a");
  const [one, two] = await worker.lease(["visit"], 2);
  await worker.fail(one!, { message: "photo_truncated", retryable: false });
  await queue.bury(two!, "poison");
  const rows = store.database.read.selectFrom("job").select(["state", "last_error", "lease"]).orderBy("seq");
  expect(await rows.execute()).toEqual([
    { state: "dead", last_error: "photo_truncated", lease: null },
    { state: "dead", last_error: "poison", lease: null },
  ]);
});
