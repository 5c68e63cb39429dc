import { type Expression, type ExpressionBuilder, type Selectable, type SqlBool, sql } from "kysely";
import type { Moment } from "../lib/clock.ts";
import type { Act, Tx } from "../storage/database.ts";
import type { OutboxTable, Schema } from "../storage/schema.ts";
import type { MessageKind } from "./message.ts";
import { type Ending, type Hold, tellEnding } from "./outbox.ts";

/** How much may go out, and how old it may be. */
export interface Limits {
  /** Deliveries on one channel within any minute. */
  readonly perMinute: number;
  /** Deliveries on one channel within any hour. */
  readonly perHour: number;
  /** Whether urgent ones go out all the same. They count. */
  readonly urgentPasses: boolean;
  /** What waits longer and is not urgent is cancelled, ms. */
  readonly staleAfterMs: number;
}

/** What a dispatcher asks for. */
export interface LeaseRequest {
  readonly lane: string;
  /** Both clocks, now. */
  readonly at: number;
  readonly moment: Moment;
  /** Every configured channel, with how much more it may do at once. */
  readonly channels: readonly { readonly name: string; readonly room: number }[];
  readonly limits: Limits;
  /** Ids that this dispatcher holds still, also when their lease ran out. */
  readonly holding: readonly string[];
}

/** A delivery that one dispatcher holds until its lease runs out. */
export interface HeldDelivery extends Hold {
  readonly channel: string;
  readonly kind: MessageKind;
  readonly rule: string;
  readonly urgent: boolean;
  readonly visitId: string | null;
  /** W3C traceparent of the press; null where no visit is told of. */
  readonly traceparent: string | null;
  readonly content: Readonly<Record<string, string>>;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** The holder before vanished while it was sending: nobody knows whether it arrived. */
  readonly uncertain: boolean;
  /** ms since the epoch. */
  readonly createdAt: number;
}

/** What a request would get now, by `seq`. */
export interface Due {
  /** Too old to be told. */
  readonly stale: readonly number[];
  /** For a channel that is configured no more. */
  readonly orphaned: readonly number[];
  /** Urgent before others, each in the order in which they came. */
  readonly next: readonly number[];
}

/**
 * Looks what is due without taking it: on a snapshot first, so that a dispatcher with nothing to do writes
 * nothing.
 */
export async function dueDeliveries(db: Tx, request: LeaseRequest): Promise<Due> {
  const orphaned = await orphanedRows(db, request);
  const stale = (await staleRows(db, request)).filter((seq) => !orphaned.includes(seq));
  const next: number[] = [];
  for (const { name, room } of request.channels) {
    const rows = await waitingRows(db, request, { channel: name, room, stale });
    const passing = rows.filter(({ urgent }) => urgent === 1 && request.limits.urgentPasses);
    const others = rows.filter((row) => !passing.includes(row));
    if (others.length > 0) others.splice(Math.max(0, (await budgetOf(db, request, name)) - passing.length));
    next.push(...[...passing, ...others].map(({ seq }) => seq));
  }
  return { stale, orphaned, next };
}

/** Takes what is due; what cannot be told any more ends here, with its event. */
export const leaseDeliveries: Act<LeaseRequest & { lease: string; until: Moment }, HeldDelivery[]> = {
  name: "outbox.lease",
  async run(tx, request) {
    const { stale, orphaned, next } = await dueDeliveries(tx, request);
    await end(tx, stale, { to: "cancelled", code: "stale" }, request);
    await end(tx, orphaned, { to: "dead", code: "channel_gone" }, request);
    if (next.length === 0) return [];
    const rows = await tx
      .updateTable("outbox")
      .set((eb) => ({
        lease: sql<string>`${request.lease} || '/' || id`,
        attempts: eb("attempts", "+", 1),
        available_boot: request.until.boot,
        available_uptime: request.until.uptimeMs,
      }))
      .where("seq", "in", next)
      .returningAll()
      .returning((eb) =>
        eb
          .selectFrom("visit")
          .select("traceparent")
          .whereRef("visit.id", "=", "outbox.visit_id")
          .as("traceparent"),
      )
      .execute();
    return rows.sort((a, b) => next.indexOf(a.seq) - next.indexOf(b.seq)).map(toHeld);
  },
};

function toHeld(row: Selectable<OutboxTable> & { traceparent: string | null }): HeldDelivery {
  return {
    id: row.id,
    lease: row.lease!,
    channel: row.channel,
    kind: row.kind as MessageKind,
    rule: row.rule,
    urgent: row.urgent === 1,
    visitId: row.visit_id,
    traceparent: row.traceparent,
    content: JSON.parse(row.content) as Record<string, string>,
    attempt: row.attempts,
    uncertain: row.sending === 1,
    createdAt: row.created_at,
  };
}

type Condition = (eb: ExpressionBuilder<Schema, "outbox">) => Expression<SqlBool>;

/** Neither leased nor held back: also what a lease that ran out has left. */
function isAvailable({ moment }: LeaseRequest): Condition {
  return (eb) =>
    eb.or([eb("available_boot", "!=", moment.boot), eb("available_uptime", "<=", moment.uptimeMs)]);
}

async function waitingRows(
  db: Tx,
  request: LeaseRequest,
  { channel, room, stale }: { channel: string; room: number; stale: readonly number[] },
) {
  return db
    .selectFrom("outbox")
    .select(["seq", "urgent"])
    .where("lane", "=", request.lane)
    .where("channel", "=", channel)
    .where("state", "=", "waiting")
    .where(isAvailable(request))
    .where("id", "not in", request.holding)
    .where("seq", "not in", stale)
    .orderBy("urgent", "desc")
    .orderBy("seq")
    .limit(room)
    .execute();
}

async function orphanedRows(db: Tx, request: LeaseRequest): Promise<number[]> {
  const rows = await db
    .selectFrom("outbox")
    .select("seq")
    .where("lane", "=", request.lane)
    .where("state", "=", "waiting")
    .where(
      "channel",
      "not in",
      request.channels.map(({ name }) => name),
    )
    .execute();
  return rows.map(({ seq }) => seq);
}

async function staleRows(db: Tx, request: LeaseRequest): Promise<number[]> {
  const { lane, at, moment, limits, holding } = request;
  const rows = await db
    .selectFrom("outbox")
    .select("seq")
    .where("lane", "=", lane)
    .where("state", "=", "waiting")
    .where("urgent", "=", 0)
    .where((eb) => eb.or([eb("lease", "is", null), isAvailable(request)(eb)]))
    .where("id", "not in", holding)
    // Within one boot the monotonic clock tells the age, whatever was done to the clock on the wall.
    .where((eb) =>
      eb.or([
        eb.and([
          eb("waiting_boot", "=", moment.boot),
          eb("waiting_uptime", "<=", moment.uptimeMs - limits.staleAfterMs),
        ]),
        eb.and([eb("waiting_boot", "!=", moment.boot), eb("waiting_since", "<=", at - limits.staleAfterMs)]),
      ]),
    )
    .execute();
  return rows.map(({ seq }) => seq);
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** How many more may go out on a channel now: what was delivered lately and what is under way counts. */
async function budgetOf(db: Tx, request: LeaseRequest, channel: string): Promise<number> {
  const { at, moment, limits } = request;
  const within =
    (ms: number): Condition =>
    (eb) =>
      eb.or([
        eb.and([eb("available_boot", "=", moment.boot), eb("available_uptime", ">", moment.uptimeMs - ms)]),
        eb.and([
          eb("available_boot", "!=", moment.boot),
          eb("delivered_at", ">", at - ms),
          eb("delivered_at", "<=", at),
        ]),
      ]);
  const sent = await db
    .selectFrom("outbox")
    .where("channel", "=", channel)
    .where("state", "=", "delivered")
    .where(within(HOUR_MS))
    .select((eb) => [
      eb.fn.countAll<number>().as("hour"),
      eb.fn.countAll<number>().filterWhere(within(MINUTE_MS)).as("minute"),
    ])
    .executeTakeFirstOrThrow();
  const underWay = await db
    .selectFrom("outbox")
    .where("channel", "=", channel)
    .where("state", "=", "waiting")
    .where("lease", "is not", null)
    .where((eb) => eb.not(isAvailable(request)(eb)))
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return Math.min(limits.perMinute - sent.minute, limits.perHour - sent.hour) - underWay.count;
}

async function end(
  tx: Tx,
  seqs: readonly number[],
  ending: Extract<Ending, { to: "cancelled" | "dead" }>,
  { at, moment }: LeaseRequest,
): Promise<void> {
  if (seqs.length === 0) return;
  const rows = await tx
    .updateTable("outbox")
    .set({
      state: ending.to,
      lease: null,
      sending: 0,
      last_error: ending.code,
      available_boot: moment.boot,
      available_uptime: moment.uptimeMs,
    })
    .where("seq", "in", seqs)
    .returningAll()
    .execute();
  for (const row of rows) await tellEnding(tx, row, ending, at);
}
