import { expect, it } from "vitest";
import { uuidv7 } from "../lib/ids.ts";
import { testStore } from "../testing/database.ts";
import { conclude, enqueue, sqliteQueue } from "./sqlite-queue.ts";

it("hands a job to one holder and again to another when the lease runs out", async () => {
  await using store = await testStore();
  const queue = sqliteQueue(
    { lane: "a", holder: "a/w", leaseMs: 1000, backoff: { firstMs: 10, maxMs: 100 } },
    store,
  );
  const id = uuidv7(store.clock.now());
  await store.database.write(
    {
      name: "t",
      run: (tx) =>
        enqueue(
          tx,
          { id, kind: "visit", priority: 0, payload: { a: 1 }, payloadVersion: 1, maxTries: 3 },
          { lane: "a", at: store.clock.now(), moment: store.clock.moment() },
        ),
    },
    undefined,
  );
  const [one] = await queue.lease(["visit"], 5);
  expect(one).toMatchObject({ id, attempt: 1, payload: { a: 1 } });
  expect(await queue.lease(["visit"], 5)).toEqual([]);
  store.clock.setWall(0);
  expect(await queue.lease(["visit"], 5)).toEqual([]);
  store.clock.advance(1000);
  const [two] = await queue.lease(["visit"], 5);
  expect(two!.attempt).toBe(2);
  await expect(
    store.database.write({ name: "c", run: (tx, j: typeof one) => conclude(tx, j!) }, one),
  ).rejects.toMatchObject({ code: "lease_lost" });
  expect(await queue.depth()).toMatchObject([{ kind: "visit", open: 1, dead: 0 }]);
  await store.database.write({ name: "c", run: (tx, j: typeof two) => conclude(tx, j!) }, two);
  expect(await queue.depth()).toEqual([]);
});
