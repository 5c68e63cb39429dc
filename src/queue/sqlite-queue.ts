import { randomUUID } from "node:crypto";
import { type ExpressionBuilder, type Selectable, sql } from "kysely";
import { type Backoff, backoffMs } from "../lib/backoff.ts";
import type { Clock, Moment } from "../lib/clock.ts";
import type { Act, Database, Tx } from "../storage/database.ts";
import { insertRow } from "../storage/insert-row.ts";
import type { JobTable, Schema } from "../storage/schema.ts";
import { type Job, type LeasedJob, LeaseLost, type Queue } from "./queue.ts";

/** How a lane of the queue is used. */
export interface QueueConfig {
  /** The release whose work this process takes. */
  readonly lane: string;
  /** Names this process among all of every release, in this life and the next: `0.1.0/worker-1`. */
  readonly holder: string;
  /** How long a job is held before another worker may take it, ms. */
  readonly leaseMs: number;
  /** Waits between tries. */
  readonly backoff: Backoff;
}

/** When and where a job is enqueued. */
export interface Enqueued {
  readonly lane: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly moment: Moment;
}

/** Enqueues inside the act of whoever causes the work. A job with this id that is there already stays. */
export async function enqueue(tx: Tx, job: Job, { lane, at, moment }: Enqueued): Promise<void> {
  const row = {
    id: job.id,
    lane,
    kind: job.kind,
    priority: job.priority,
    payload: JSON.stringify(job.payload),
    payload_version: job.payloadVersion,
    state: "open" as const,
    attempts: 0,
    max_tries: job.maxTries,
    available_boot: moment.boot,
    available_uptime: moment.uptimeMs,
    lease: null,
    last_error: null,
    enqueued_at: at,
  };
  await insertRow(tx, "job", row, "keep");
}

/** What proves that a worker still holds a job. */
export type Hold = Pick<LeasedJob, "id" | "lease">;

/** Ends inside an act unless the job is still held by this lease. @throws LeaseLost */
export async function requireHold(tx: Tx, hold: Hold): Promise<void> {
  const held = await tx
    .selectFrom("job")
    .select("id")
    .where("id", "=", hold.id)
    .where("lease", "=", hold.lease)
    .where("state", "=", "open")
    .executeTakeFirst();
  if (!held) throw new LeaseLost(hold.id);
}

/** Concludes a job inside the act that does its last step. @throws LeaseLost */
export async function conclude(tx: Tx, hold: Hold): Promise<void> {
  await requireHold(tx, hold);
  await tx.deleteFrom("job").where("id", "=", hold.id).execute();
}

/** Puts a job to the dead letters inside the act that says so. @throws LeaseLost */
export async function bury(tx: Tx, hold: Hold, reason: string): Promise<void> {
  await requireHold(tx, hold);
  await tx
    .updateTable("job")
    .set({ state: "dead", lease: null, last_error: reason })
    .where("id", "=", hold.id)
    .execute();
}

type LeasedRow = Selectable<JobTable>;
type LeaseArgs = {
  lane: string;
  kinds: readonly string[];
  count: number;
  now: Moment;
  until: Moment;
  lease: string;
};

/**
 * Leases up to `count` jobs of a lane until `until`, most urgent first; each lease begins with `lease` and a
 * slash.
 */
export const leaseJobs: Act<LeaseArgs, LeasedRow[]> = {
  name: "queue.lease",
  async run(tx, { lane, kinds, count, now, until, lease }) {
    const next = tx
      .selectFrom("job")
      .select("seq")
      .where(isNext(lane, kinds, now))
      .orderBy("priority")
      .orderBy("seq")
      .limit(count);
    const rows = await tx
      .updateTable("job")
      .set((eb) => ({
        lease: sql<string>`${lease} || '/' || id`,
        attempts: eb("attempts", "+", 1),
        available_boot: until.boot,
        available_uptime: until.uptimeMs,
      }))
      .where("seq", "in", next)
      .returningAll()
      .execute();
    return rows.sort((a, b) => a.priority - b.priority || a.seq - b.seq);
  },
};

type MoveArgs = {
  hold: Hold;
  to: Moment;
  lease: string | null;
  attempts: number;
  dead: boolean;
  error: string | null;
};

/** Extends, puts back or buries a held job; false when the hold was lost. */
export const moveJob: Act<MoveArgs, boolean> = {
  name: "queue.move",
  async run(tx, { hold, to, lease, attempts, dead, error }) {
    const moved = await tx
      .updateTable("job")
      .set((eb) => ({
        lease,
        attempts: eb("attempts", "+", attempts),
        available_boot: to.boot,
        available_uptime: to.uptimeMs,
        state: dead ? "dead" : "open",
        last_error: error ?? eb.ref("last_error"),
      }))
      .where("id", "=", hold.id)
      .where("lease", "=", hold.lease)
      .where("state", "=", "open")
      .executeTakeFirst();
    return moved.numUpdatedRows === 1n;
  },
};

/** Frees at once what a holder that ended had leased. Returns how many jobs. */
export const reclaimJobs: Act<{ holder: string; now: Moment }, number> = {
  name: "queue.reclaim",
  async run(tx, { holder, now }) {
    const freed = await tx
      .updateTable("job")
      .set({ lease: null, available_boot: now.boot, available_uptime: now.uptimeMs })
      .where("state", "=", "open")
      .where(sql<string>`substr(lease, 1, ${holder.length + 1})`, "=", `${holder}/`)
      .executeTakeFirst();
    return Number(freed.numUpdatedRows);
  },
};

/** The acts of this file. */
export const queueActs = [leaseJobs, moveJob, reclaimJobs];

/** Waits for a full or a locked disk are those after so many failures. */
const PATIENT = 5;

/** The queue as a table of the same database. */
export function sqliteQueue(
  config: QueueConfig,
  { database, clock }: { database: Database; clock: Clock },
): Queue {
  const later = (ms: number): Moment => {
    const { boot, uptimeMs } = clock.moment();
    return { boot, uptimeMs: uptimeMs + ms };
  };
  /** A look without the write lock: most wakes find nothing. */
  const anyReady = async (kinds: readonly string[]): Promise<boolean> => {
    const ready = database.read
      .selectFrom("job")
      .select("seq")
      .where(isNext(config.lane, kinds, clock.moment()));
    return (await ready.limit(1).executeTakeFirst()) !== undefined;
  };
  const move = (job: LeasedJob, change: Omit<MoveArgs, "hold">): Promise<boolean> =>
    database.write(moveJob, { hold: { id: job.id, lease: job.lease }, ...change });

  return {
    async lease(kinds, count) {
      if (!(await anyReady(kinds))) return [];
      const rows = await database.write(leaseJobs, {
        lane: config.lane,
        kinds,
        count,
        now: clock.moment(),
        until: later(config.leaseMs),
        lease: `${config.holder}/${randomUUID()}`,
      });
      return rows.map(toLeased);
    },
    extend: (job) =>
      move(job, { to: later(config.leaseMs), lease: job.lease, attempts: 0, dead: false, error: null }),
    async fail(job, { message, retryable, counts = true }) {
      const dead = counts && (!retryable || job.attempt >= job.maxTries);
      const to = dead ? clock.moment() : later(backoffMs(config.backoff, counts ? job.attempt : PATIENT));
      const moved = await move(job, { to, lease: null, attempts: counts ? 0 : -1, dead, error: message });
      return moved ? (dead ? "dead" : "waiting") : "lost";
    },
    async release(job) {
      await move(job, { to: clock.moment(), lease: null, attempts: -1, dead: false, error: null });
    },
    reclaim: () => database.write(reclaimJobs, { holder: config.holder, now: clock.moment() }),
    onWork: (listener) => database.onCommit(listener),
    async depth() {
      const rows = await database.read
        .selectFrom("job")
        .where("lane", "=", config.lane)
        .groupBy("kind")
        .select((eb) => [
          "kind",
          sql<number>`sum(state = 'open')`.as("open"),
          sql<number>`sum(state = 'dead')`.as("dead"),
          eb.fn.min("enqueued_at").filterWhere("state", "=", "open").as("oldestAt"),
        ])
        .execute();
      return rows.map((row) => ({ ...row, oldestAt: row.oldestAt === null ? null : Number(row.oldestAt) }));
    },
  };
}

/** What may be taken now. */
function isNext(lane: string, kinds: readonly string[], now: Moment) {
  return (eb: ExpressionBuilder<Schema, "job">) =>
    eb.and([
      eb("lane", "=", lane),
      eb("kind", "in", kinds),
      eb("state", "=", "open"),
      eb.or([eb("available_boot", "!=", now.boot), eb("available_uptime", "<=", now.uptimeMs)]),
    ]);
}

function toLeased(row: LeasedRow): LeasedJob {
  return {
    id: row.id,
    kind: row.kind,
    priority: row.priority,
    payload: JSON.parse(row.payload) as unknown,
    payloadVersion: row.payload_version,
    maxTries: row.max_tries,
    lease: row.lease!,
    attempt: row.attempts,
    enqueuedAt: row.enqueued_at,
  };
}
