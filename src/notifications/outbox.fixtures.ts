import type { TestStore } from "../testing/database.ts";
import { type HeldDelivery, type Limits, leaseDeliveries } from "./leasing.ts";
import { type Ending, markSending, putDelivery, settleDelivery } from "./outbox.ts";

const HOUR = 3_600_000;

const limits: Limits = { perMinute: 10, perHour: 100, urgentPasses: true, staleAfterMs: 6 * HOUR };

/** An outbox with the two channels `phone` and `mail`, used as a dispatcher uses it. */
export function desk(store: TestStore) {
  const { database, clock } = store;
  const later = (ms: number) => ({ ...clock.moment(), uptimeMs: clock.moment().uptimeMs + ms });
  const now = () => ({ at: clock.now(), moment: clock.moment() });
  const rows = () => database.read.selectFrom("outbox").selectAll().orderBy("seq").execute();
  const settle = (hold: HeldDelivery, ending: Ending) =>
    database.write(settleDelivery, { hold: { id: hold.id, lease: hold.lease }, ending, ...now() });
  return {
    rows,
    settle,
    async put(id: string, { channel = "phone", urgent = false, visitId = null as string | null } = {}) {
      const delivery = { id, kind: "visit", channel, rule: "r", urgent, visitId, content: {} } as const;
      await database.write(
        { name: "test.put", run: (tx) => putDelivery(tx, delivery, { lane: "blue", ...now() }) },
        undefined,
      );
    },
    lease: (change: { room?: number; limits?: Partial<Limits>; lane?: string; holding?: string[] } = {}) =>
      database.write(leaseDeliveries, {
        lane: change.lane ?? "blue",
        ...now(),
        channels: ["phone", "mail"].map((name) => ({ name, room: change.room ?? 100 })),
        limits: { ...limits, ...change.limits },
        holding: change.holding ?? [],
        lease: `ops/${Math.random()}`,
        until: later(30_000),
      }),
    deliver: (hold: HeldDelivery) => settle(hold, { to: "delivered" }),
    fail: (hold: HeldDelivery, afterMs: number, everyone = false) =>
      settle(hold, { to: "waiting", code: "channel_failing", next: later(afterMs), everyone }),
    mark: ({ id, lease }: HeldDelivery) =>
      database.write(markSending, { hold: { id, lease }, until: later(30_000) }),
    async states() {
      return Object.fromEntries((await rows()).map(({ id, state }) => [id, state]));
    },
    async events(prefix: string) {
      const events = await database.read
        .selectFrom("event")
        .selectAll()
        .where("kind", "like", `${prefix}%`)
        .orderBy("seq")
        .execute();
      return events.map(({ kind, subject, payload }) => ({ ...JSON.parse(payload), kind, subject }));
    },
  };
}

/** Their ids, in order. */
export const ids = (held: readonly HeldDelivery[]): string[] => held.map(({ id }) => id);
