import { type Selectable, sql, type Updateable } from "kysely";
import { appendAudit } from "../audit/append.ts";
import type { Moment } from "../lib/clock.ts";
import { derivedId } from "../lib/ids.ts";
import type { Enqueued } from "../queue/sqlite-queue.ts";
import type { Act, Tx } from "../storage/database.ts";
import { appendEvent } from "../storage/events.ts";
import type { OutboxTable } from "../storage/schema.ts";
import type { MessageKind } from "./message.ts";
import type { PlannedDelivery } from "./rules.ts";

/**
 * A message that is to reach one channel. It holds ids and no text: what it says is made at the moment of
 * delivery, so no name lies in the outbox, and whoever was erased meanwhile is not named any more.
 */
export interface NewDelivery {
  /** Derived from its cause: the same cause never makes two. */
  readonly id: string;
  readonly kind: MessageKind;
  readonly channel: string;
  /** Which rule, or what else, wanted it. */
  readonly rule: string;
  readonly urgent: boolean;
  readonly visitId: string | null;
  /** Further ids. Plain JSON. */
  readonly content: Readonly<Record<string, string>>;
}

/**
 * Tells of a visit, inside the act that ends it. What is in the outbox already stays as it is; of a visit
 * that somebody has acknowledged nobody is told.
 */
export async function addDeliveries(
  tx: Tx,
  {
    visitId,
    deliveries,
    ...enqueued
  }: Enqueued & { visitId: string; deliveries: readonly PlannedDelivery[] },
): Promise<void> {
  const visit = await tx
    .selectFrom("visit")
    .select("acknowledged_at")
    .where("id", "=", visitId)
    .executeTakeFirstOrThrow();
  if (visit.acknowledged_at !== null) return;
  const ofVisit = { kind: "visit", visitId, content: {} } as const;
  for (const planned of deliveries) {
    const id = derivedId("delivery", visitId, planned.rule, planned.channel);
    await putDelivery(tx, { id, ...ofVisit, ...planned }, enqueued);
  }
}

/** Puts one delivery into the outbox inside the act that causes it. One with this id that is there already stays. */
export async function putDelivery(
  tx: Tx,
  delivery: NewDelivery,
  { lane, at, moment }: Enqueued,
): Promise<void> {
  await tx
    .insertInto("outbox")
    .values({
      id: delivery.id,
      lane,
      channel: delivery.channel,
      kind: delivery.kind,
      visit_id: delivery.visitId,
      rule: delivery.rule,
      content: JSON.stringify(delivery.content),
      urgent: Number(delivery.urgent),
      state: "waiting",
      attempts: 0,
      available_boot: moment.boot,
      available_uptime: moment.uptimeMs,
      lease: null,
      sending: 0,
      last_error: null,
      created_at: at,
      waiting_since: at,
      waiting_boot: moment.boot,
      waiting_uptime: moment.uptimeMs,
      delivered_at: null,
      acknowledged_at: null,
    })
    .onConflict((oc) => oc.column("id").doNothing())
    .execute();
}

/** Proves that a dispatcher holds a delivery. */
export interface Hold {
  readonly id: string;
  readonly lease: string;
}

/**
 * Says durably, just before the sending, that it begins. After a crash it is then known of which deliveries
 * nobody can tell whether they arrived. False when the delivery was acknowledged or its lease lost meanwhile.
 */
export const markSending: Act<{ hold: Hold; until: Moment }, boolean> = {
  name: "outbox.mark-sending",
  async run(tx, { hold, until }) {
    const marked = await tx
      .updateTable("outbox")
      .set({ sending: 1, available_boot: until.boot, available_uptime: until.uptimeMs })
      .where("id", "=", hold.id)
      .where("lease", "=", hold.lease)
      .where("state", "=", "waiting")
      .executeTakeFirst();
    return marked.numUpdatedRows === 1n;
  },
};

/** Frees at once what an earlier life of this holder held; how many. What it was sending stays known. */
export const reclaimDeliveries: Act<{ holder: string; moment: Moment }, number> = {
  name: "outbox.reclaim",
  async run(tx, { holder, moment }) {
    const freed = await tx
      .updateTable("outbox")
      .set({ lease: null, available_boot: moment.boot, available_uptime: moment.uptimeMs })
      .where("state", "=", "waiting")
      .where(sql<string>`substr(lease, 1, ${holder.length + 1})`, "=", `${holder}/`)
      .executeTakeFirst();
    return Number(freed.numUpdatedRows);
  },
};

/** How a try ended. `code` is the error's. */
export type Ending =
  | { readonly to: "delivered" }
  /** Tried again at `next`; with `everyone`, no message of the channel goes out before. */
  | { readonly to: "waiting"; readonly code: string; readonly next: Moment; readonly everyone: boolean }
  | { readonly to: "dead"; readonly code: string }
  | { readonly to: "cancelled"; readonly code: string }
  /** Put back; the try does not count. Where the sending had begun, that stays known. */
  | { readonly to: "released" };

/** A row as it is read. */
type OutboxRow = Selectable<OutboxTable>;

type SettleArgs = { hold: Hold; ending: Ending; at: number; moment: Moment };

/** Records how a try ended, with its event. False when the lease was lost: then nothing is recorded. */
export const settleDelivery: Act<SettleArgs, boolean> = {
  name: "outbox.settle",
  async run(tx, { hold, ending, at, moment }) {
    const row = await tx
      .updateTable("outbox")
      .set((eb) => ({
        lease: null,
        available_boot: moment.boot,
        available_uptime: moment.uptimeMs,
        ...changesOf(ending, at),
        ...(ending.to === "released" && { attempts: eb("attempts", "-", 1) }),
      }))
      .where("id", "=", hold.id)
      .where("lease", "=", hold.lease)
      // What was acknowledged while it was being sent was delivered all the same.
      .where("state", "in", ending.to === "delivered" ? ["waiting", "cancelled"] : ["waiting"])
      .returningAll()
      .executeTakeFirst();
    if (!row) return false;
    if (ending.to === "delivered") await wakeChannel(tx, row, moment);
    if (ending.to === "waiting") await holdBack(tx, row, ending);
    if (ending.to !== "released") await tellEnding(tx, row, ending, at);
    return true;
  },
};

function changesOf(ending: Ending, at: number): Updateable<OutboxTable> {
  switch (ending.to) {
    case "delivered":
      return { state: "delivered", sending: 0, delivered_at: at, last_error: null };
    case "waiting": {
      const { boot, uptimeMs } = ending.next;
      return { sending: 0, last_error: ending.code, available_boot: boot, available_uptime: uptimeMs };
    }
    case "dead":
    case "cancelled":
      return { state: ending.to, sending: 0, last_error: ending.code };
    case "released":
      return {};
  }
}

/** The channel works: what was held back on it is due now, and goes out in its order. */
async function wakeChannel(tx: Tx, { lane, channel }: OutboxRow, moment: Moment): Promise<void> {
  await tx
    .updateTable("outbox")
    .set({ available_boot: moment.boot, available_uptime: moment.uptimeMs })
    .where("lane", "=", lane)
    .where("channel", "=", channel)
    .where("state", "=", "waiting")
    .where("lease", "is", null)
    .where("available_boot", "=", moment.boot)
    .where("available_uptime", ">", moment.uptimeMs)
    .execute();
}

/**
 * Keeps the order: of what has failed on a channel, nothing is tried again before what stands ahead of it.
 * What was never tried is not held back, so that one message that always fails stops nobody, unless the
 * receiver itself asked for patience.
 */
async function holdBack(
  tx: Tx,
  { lane, channel, urgent, seq }: OutboxRow,
  { next, everyone }: Extract<Ending, { to: "waiting" }>,
): Promise<void> {
  await tx
    .updateTable("outbox")
    .set({ available_boot: next.boot, available_uptime: next.uptimeMs })
    .where("lane", "=", lane)
    .where("channel", "=", channel)
    .where("state", "=", "waiting")
    .where("lease", "is", null)
    .where((eb) =>
      eb.or([eb("urgent", "<", urgent), eb.and([eb("urgent", "=", urgent), eb("seq", ">", seq)])]),
    )
    .where((eb) => eb.or([eb("available_boot", "!=", next.boot), eb("available_uptime", "<", next.uptimeMs)]))
    .$if(!everyone, (query) => query.where("last_error", "is not", null))
    .execute();
}

const EVENT_OF = {
  delivered: "delivery.sent",
  waiting: "delivery.failed",
  dead: "delivery.dead",
  cancelled: "delivery.cancelled",
} as const;

/** Says on the bus how a delivery ended. */
export async function tellEnding(
  tx: Tx,
  row: OutboxRow,
  ending: Exclude<Ending, { to: "released" }>,
  at: number,
): Promise<void> {
  await appendEvent(tx, {
    kind: EVENT_OF[ending.to],
    subject: row.id,
    at,
    payload: {
      visitId: row.visit_id,
      channel: row.channel,
      kind: row.kind,
      rule: row.rule,
      attempt: row.attempts,
      code: "code" in ending ? ending.code : null,
    },
  });
}

/** Who wants something done, for the audit trail. */
export interface By {
  readonly actor: string;
  readonly origin: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** Takes a dead letter back into the outbox, as if it had just been put there. */
export const retryDead: Act<By & { id: string; moment: Moment }, "waiting" | "not_dead"> = {
  name: "outbox.retry-dead",
  async run(tx, { id, moment, actor, origin, at }) {
    const revived = await tx
      .updateTable("outbox")
      .set({
        state: "waiting",
        attempts: 0,
        available_boot: moment.boot,
        available_uptime: moment.uptimeMs,
        last_error: null,
        waiting_since: at,
        waiting_boot: moment.boot,
        waiting_uptime: moment.uptimeMs,
      })
      .where("id", "=", id)
      .where("state", "=", "dead")
      .executeTakeFirst();
    if (revived.numUpdatedRows === 0n) return "not_dead";
    await appendAudit(tx, {
      at,
      actor,
      origin,
      action: "delivery.retry",
      subject: `delivery:${id}`,
      outcome: "done",
    });
    return "waiting";
  },
};
