import fc from "fast-check";
import { expect } from "vitest";
import type { Job, LeasedJob, Queue } from "./queue.ts";

/** Leases of a queue under test run so long, ms. */
export const LEASE_MS = 1_000;

/** Failed jobs of a queue under test wait so long, ms, without jitter. */
export const WAIT_MS = 1;

/** A queue that is tried out, as all its processes see it. */
export interface QueueUnderTest extends AsyncDisposable {
  /** The queue of one process, with leases of `LEASE_MS` and waits of `WAIT_MS`. */
  open(lane: string, holder: string): Queue;
  enqueue(job: Job, lane: string): Promise<void>;
  /** Ends a job as its last step does. Rejects with `lease_lost`. */
  conclude(job: LeasedJob): Promise<void>;
  /** Gives a job up as its holder does. Rejects with `lease_lost`. */
  bury(job: LeasedJob, reason: string): Promise<void>;
  /** Time passes. */
  advance(ms: number): void;
  /** Somebody sets the machine's wall clock, to ms since the epoch. */
  setWall(now: number): void;
  /** The machine starts anew: every lease and every wait is over. */
  reboot(): void;
}

/** One thing that happens to a queue. What a number or a holder means depends on `what`. */
export interface Move {
  readonly what: keyof ReturnType<typeof game>["play"];
  readonly holder: "a" | "b";
  readonly n: number;
  readonly retryable: boolean;
}

/** Whole games: mostly enqueuing and leasing, and everything that can go wrong between. */
export const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    what: fc.constantFrom<Move["what"][]>(
      ...(["enqueue", "enqueue", "lease", "lease", "conclude", "fail", "release", "extend"] as const),
      ...(["bury", "advance", "advance", "setWall", "reboot", "reclaim"] as const),
    ),
    holder: fc.constantFrom("a", "b"),
    n: fc.nat(11),
    retryable: fc.boolean(),
  }),
  { minLength: 10, maxLength: 60, size: "max" },
);

interface ModelJob extends Job {
  attempts: number;
  dead: boolean;
  /** Who holds or held it last, and the token of that; undefined when it waits. */
  held?: { readonly holder: string; readonly lease: string } | undefined;
  /** When it may be taken, in the model's own time; a reboot makes it 0. */
  availableAt: number;
}

/** Plays a game on a queue and on a model of it, in a lane of its own; then works everything off. */
export async function playedAgainstModel(
  under: QueueUnderTest,
  lane: string,
  list: readonly Move[],
): Promise<void> {
  const { play, workOff } = game(under, lane);
  for (const move of list) await play[move.what](move);
  await workOff();
}

function game(under: QueueUnderTest, lane: string) {
  const queues = { a: under.open(lane, `${lane}/a`), b: under.open(lane, `${lane}/b`) };
  const jobs: ModelJob[] = [];
  /** Every lease there ever was, also those that were lost. */
  const leases: LeasedJob[] = [];
  let now = 0;

  const open = (): ModelJob[] => jobs.filter(({ dead }) => !dead);
  const heldBy = ({ lease }: LeasedJob): ModelJob | undefined =>
    open().find(({ held }) => held?.lease === lease);
  const some = (n: number): LeasedJob | undefined => leases[n % Math.max(1, leases.length)];
  const remove = (job: ModelJob): void => void jobs.splice(jobs.indexOf(job), 1);
  const settles = async (promise: Promise<void>, isHeld: boolean): Promise<void> => {
    const outcome = await promise.then(
      () => true,
      (error: { code?: string }) => error.code,
    );
    expect(outcome).toBe(isHeld || "lease_lost");
  };

  const lease = async (holder: "a" | "b", count: number): Promise<LeasedJob[]> => {
    const due = open()
      .filter(({ availableAt }) => availableAt <= now)
      .sort((x, y) => x.priority - y.priority || jobs.indexOf(x) - jobs.indexOf(y))
      .slice(0, count);
    const got = await queues[holder].lease(["visit"], count);
    expect(got.map(({ id, attempt }) => [id, attempt])).toEqual(due.map((job) => [job.id, job.attempts + 1]));
    for (const [at, job] of due.entries()) {
      job.attempts++;
      job.held = { holder, lease: got[at]!.lease };
      job.availableAt = now + LEASE_MS;
    }
    leases.push(...got);
    return got;
  };

  const play = {
    async enqueue({ n }: Move): Promise<void> {
      const id = `${lane}-${n}`;
      const job: Job = {
        id,
        kind: "visit",
        priority: n % 3,
        payload: n,
        payloadVersion: 1,
        maxTries: 1 + (n % 3),
      };
      await under.enqueue(job, lane);
      if (!jobs.some((each) => each.id === id))
        jobs.push({ ...job, attempts: 0, dead: false, availableAt: now });
    },
    async lease({ holder, n }: Move): Promise<void> {
      await lease(holder, 1 + (n % 3));
    },
    async conclude({ n }: Move): Promise<void> {
      const job = some(n);
      if (!job) return;
      const held = heldBy(job);
      await settles(under.conclude(job), held !== undefined);
      if (held) remove(held);
    },
    async bury({ n }: Move): Promise<void> {
      const job = some(n);
      if (!job) return;
      const held = heldBy(job);
      await settles(under.bury(job, "given up"), held !== undefined);
      if (held) Object.assign(held, { dead: true, held: undefined });
    },
    async fail({ n, holder, retryable }: Move): Promise<void> {
      const job = some(n);
      if (!job) return;
      const held = heldBy(job);
      const dead = !retryable || job.attempt >= job.maxTries;
      const outcome = await queues[holder].fail(job, { message: "failed", retryable });
      expect(outcome).toBe(held ? (dead ? "dead" : "waiting") : "lost");
      if (held) Object.assign(held, { dead, held: undefined, availableAt: now + WAIT_MS });
    },
    async release({ n, holder }: Move): Promise<void> {
      const job = some(n);
      if (!job) return;
      const held = heldBy(job);
      await queues[holder].release(job);
      if (held) Object.assign(held, { attempts: held.attempts - 1, held: undefined, availableAt: now });
    },
    async extend({ n, holder }: Move): Promise<void> {
      const job = some(n);
      if (!job) return;
      const held = heldBy(job);
      expect(await queues[holder].extend(job)).toBe(held !== undefined);
      if (held) held.availableAt = now + LEASE_MS;
    },
    async reclaim({ holder }: Move): Promise<void> {
      const mine = open().filter(({ held }) => held?.holder === holder);
      expect(await queues[holder].reclaim()).toBe(mine.length);
      for (const job of mine) Object.assign(job, { held: undefined, availableAt: now });
    },
    async advance({ n }: Move): Promise<void> {
      const ms = [0, 1, LEASE_MS / 2, LEASE_MS][n % 4]!;
      under.advance(ms);
      now += ms;
    },
    async setWall({ n }: Move): Promise<void> {
      under.setWall(n * 86_400_000);
    },
    async reboot(): Promise<void> {
      under.reboot();
      for (const job of jobs) job.availableAt = 0;
    },
  };

  /** Nothing is ever lost: all that is open comes once more, and the rest are dead letters. */
  const workOff = async (): Promise<void> => {
    under.advance(LEASE_MS);
    now += LEASE_MS;
    for (const job of await lease("a", 100)) {
      await under.conclude(job);
      remove(heldBy(job)!);
    }
    const depth = await queues.a.depth();
    expect(depth).toEqual(
      jobs.length === 0 ? [] : [{ kind: "visit", open: 0, dead: jobs.length, oldestAt: null }],
    );
  };
  return { play, workOff };
}
