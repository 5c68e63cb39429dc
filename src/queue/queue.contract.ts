import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  LEASE_MS,
  type Move,
  moves,
  playedAgainstModel,
  type QueueUnderTest,
  WAIT_MS,
} from "./queue.model.ts";
import type { Job, LeasedJob, Queue } from "./queue.ts";

/** What every driver of `Queue` does. @param start an empty queue */
export function queueContract(name: string, start: () => Promise<QueueUnderTest>): void {
  const job = (id: string, more: Partial<Job> = {}): Job => ({
    id,
    kind: "visit",
    priority: 0,
    payload: { of: id },
    payloadVersion: 1,
    maxTries: 3,
    ...more,
  });
  /** A queue with these jobs in lane `blue`, as two processes see it. */
  const started = async (...jobs: Job[]) => {
    const under = await start();
    for (const each of jobs) await under.enqueue(each, "blue");
    const [a, b] = [under.open("blue", "blue/a"), under.open("blue", "blue/b")];
    return { ...under, a, b };
  };
  const ids = (jobs: readonly LeasedJob[]): string[] => jobs.map(({ id }) => id);
  const take = async (queue: Queue, kinds = ["visit"]): Promise<LeasedJob> => {
    const [taken] = await queue.lease(kinds, 1);
    expect(taken, "there is a job to take").toBeDefined();
    return taken!;
  };
  const lost = expect.objectContaining({ code: "lease_lost" });

  describe(`a queue ${name}`, () => {
    it("gives a job as it was enqueued, with its first try and since when it waits", async () => {
      await using it = await started(
        job("1", { payload: { a: [1, null, "ü"] }, payloadVersion: 2, priority: 5 }),
      );
      expect(await it.a.lease(["visit"], 5)).toEqual([
        {
          ...job("1", { payload: { a: [1, null, "ü"] }, payloadVersion: 2, priority: 5 }),
          attempt: 1,
          lease: expect.any(String),
          enqueuedAt: expect.any(Number),
        },
      ]);
    });

    it("gives a job to one holder only, until it is concluded", async () => {
      await using it = await started(job("1"));
      const held = await take(it.a);
      expect(await it.b.lease(["visit"], 5)).toEqual([]);
      await it.conclude(held);
      it.advance(10 * LEASE_MS);
      expect(await it.b.lease(["visit"], 5)).toEqual([]);
      expect(await it.a.depth()).toEqual([]);
    });

    it("changes nothing when the same id is enqueued again", async () => {
      await using it = await started(job("1"), job("1", { priority: 9, payload: "other" }));
      expect(await it.a.lease(["visit"], 5)).toMatchObject([{ priority: 0, payload: { of: "1" } }]);
      await it.enqueue(job("1"), "blue");
      expect(await it.a.lease(["visit"], 5)).toEqual([]);
    });

    it("gives the most urgent first, then the oldest, and no more than asked for", async () => {
      const list = [job("1", { priority: 5 }), job("2"), job("3", { priority: 5 }), job("4")];
      await using it = await started(...list);
      expect(ids(await it.a.lease(["visit"], 3))).toEqual(["2", "4", "1"]);
      expect(ids(await it.a.lease(["visit"], 3))).toEqual(["3"]);
    });

    it("gives only the kinds and the lane that are asked for", async () => {
      await using it = await started(job("1", { kind: "enrol" }), job("2"));
      await it.enqueue(job("3"), "green");
      expect(ids(await it.a.lease(["enrol"], 5))).toEqual(["1"]);
      expect(ids(await it.open("green", "green/a").lease(["enrol", "visit"], 5))).toEqual(["3"]);
      expect(ids(await it.a.lease(["enrol", "visit"], 5))).toEqual(["2"]);
      expect(await it.a.lease([], 5)).toEqual([]);
    });

    it("gives a job again when its lease runs out, and then the first holder has lost it", async () => {
      await using it = await started(job("1"));
      const first = await take(it.a);
      it.advance(LEASE_MS - 1);
      expect(await it.b.lease(["visit"], 1)).toEqual([]);
      it.advance(1);
      const second = await take(it.b);
      expect(second.attempt).toBe(2);
      expect(await it.a.extend(first)).toBe(false);
      expect(await it.a.fail(first, { message: "late", retryable: true })).toBe("lost");
      await it.a.release(first);
      await expect(it.conclude(first)).rejects.toEqual(lost);
      await expect(it.bury(first, "late")).rejects.toEqual(lost);
      await it.conclude(second);
    });

    it("holds a job longer when it is extended in time", async () => {
      await using it = await started(job("1"));
      const held = await take(it.a);
      it.advance(LEASE_MS - 1);
      expect(await it.a.extend(held)).toBe(true);
      it.advance(LEASE_MS - 1);
      expect(await it.b.lease(["visit"], 1)).toEqual([]);
      await it.conclude(held);
    });

    it("puts a failed job back for later, and to the dead letters after its last try", async () => {
      await using it = await started(job("1", { maxTries: 2 }));
      expect(await it.a.fail(await take(it.a), { message: "no", retryable: true })).toBe("waiting");
      expect(await it.a.lease(["visit"], 1)).toEqual([]);
      it.advance(WAIT_MS);
      expect(await it.a.fail(await take(it.a), { message: "no", retryable: true })).toBe("dead");
      it.advance(10 * LEASE_MS);
      expect(await it.a.lease(["visit"], 1)).toEqual([]);
      expect(await it.a.depth()).toEqual([{ kind: "visit", open: 0, dead: 1, oldestAt: null }]);
    });

    it("puts a job that need not be tried again to the dead letters at once", async () => {
      await using it = await started(job("1"));
      expect(await it.a.fail(await take(it.a), { message: "never", retryable: false })).toBe("dead");
    });

    it("gives a job that kills its holders once more after its last try, to be given up", async () => {
      await using it = await started(job("1", { maxTries: 2 }));
      for (const attempt of [1, 2, 3]) {
        expect((await take(it.a)).attempt).toBe(attempt);
        it.advance(LEASE_MS);
      }
      const poison = await take(it.b);
      expect(poison.attempt).toBeGreaterThan(poison.maxTries);
      await it.bury(poison, "poison");
      expect(await it.a.depth()).toMatchObject([{ open: 0, dead: 1 }]);
    });

    it("takes a released job back at once, without counting the try", async () => {
      await using it = await started(job("1"));
      await it.a.release(await take(it.a));
      expect((await take(it.b)).attempt).toBe(1);
    });

    it("frees what an earlier life of a holder still leases, and what no other holds", async () => {
      await using it = await started(job("1"), job("2"), job("3"));
      const [first] = await it.a.lease(["visit"], 2);
      await it.b.lease(["visit"], 1);
      expect(await it.open("blue", "blue/a").reclaim()).toBe(2);
      expect(await it.a.extend(first!)).toBe(false);
      expect(await it.b.lease(["visit"], 5)).toMatchObject([
        { id: "1", attempt: 2 },
        { id: "2", attempt: 2 },
      ]);
      expect(await it.a.reclaim()).toBe(0);
    });

    it("does not mind the wall clock, and takes a reboot for the end of every lease", async () => {
      await using it = await started(job("1"), job("2"));
      const held = await take(it.a);
      it.setWall(0);
      expect(ids(await it.b.lease(["visit"], 5))).toEqual(["2"]);
      it.setWall(Date.UTC(2100, 0));
      expect(await it.b.lease(["visit"], 5)).toEqual([]);
      it.reboot();
      expect(ids(await it.b.lease(["visit"], 5))).toEqual(["1", "2"]);
      await expect(it.conclude(held)).rejects.toEqual(lost);
    });

    it("counts what is open and dead in its lane, by kind, and since when the oldest waits", async () => {
      await using it = await started(job("1"), job("2"), job("3", { kind: "enrol" }));
      await it.enqueue(job("4"), "green");
      const held = await take(it.a);
      const depth = await it.a.depth();
      expect(depth.sort((x, y) => x.kind.localeCompare(y.kind))).toEqual([
        { kind: "enrol", open: 1, dead: 0, oldestAt: expect.any(Number) },
        { kind: "visit", open: 2, dead: 0, oldestAt: held.enqueuedAt },
      ]);
    });

    it("tells a listener that there may be new work, until it stops listening", async () => {
      await using it = await started();
      const heard = new Promise<void>((resolve) => {
        const stop = it.a.onWork(() => {
          stop();
          resolve();
        });
      });
      await it.enqueue(job("1"), "blue");
      await heard;
    });

    it("lets many holders at once take each job once", async () => {
      const list = Array.from({ length: 30 }, (_, at) => job(`${at}`));
      await using it = await started(...list);
      const holders = Array.from({ length: 6 }, (_, at) => it.open("blue", `blue/${at}`));
      const taken = (await Promise.all(holders.map((queue) => queue.lease(["visit"], 7)))).flat();
      expect(ids(taken).sort()).toEqual(list.map(({ id }) => id).sort());
    });

    it("does as its model does, whatever happens in whatever order", async () => {
      await using under = await start();
      let games = 0;
      await fc.assert(
        fc.asyncProperty(moves, (list: Move[]) => playedAgainstModel(under, `game-${games++}`, list)),
        { numRuns: 60 },
      );
    });
  });
}
