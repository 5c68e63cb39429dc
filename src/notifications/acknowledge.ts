import { appendAudit } from "../audit/append.ts";
import type { Act } from "../storage/database.ts";
import { appendEvent } from "../storage/events.ts";
import type { By } from "./outbox.ts";

/**
 * Somebody has seen a visit: what still waits to tell of it is cancelled. What is being sent at this moment
 * cannot be called back and counts as delivered.
 */
export const acknowledgeVisit: Act<By & { visitId: string }, "acknowledged" | "already" | "unknown_visit"> = {
  name: "visit.acknowledge",
  async run(tx, { visitId, actor, origin, at }) {
    const visit = await tx
      .selectFrom("visit")
      .select("acknowledged_at")
      .where("id", "=", visitId)
      .executeTakeFirst();
    if (!visit) return "unknown_visit";
    if (visit.acknowledged_at !== null) return "already";
    await tx.updateTable("visit").set({ acknowledged_at: at }).where("id", "=", visitId).execute();
    const ofVisit = tx.updateTable("outbox").where("visit_id", "=", visitId);
    await ofVisit.set({ acknowledged_at: at }).execute();
    await ofVisit
      .set({ state: "cancelled", last_error: "acknowledged" })
      .where("state", "=", "waiting")
      .execute();
    await appendEvent(tx, { kind: "visit.acknowledged", subject: visitId, at });
    await appendAudit(tx, {
      at,
      actor,
      origin,
      action: "visit.acknowledge",
      subject: `visit:${visitId}`,
      outcome: "done",
    });
    return "acknowledged";
  },
};
