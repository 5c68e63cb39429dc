import { bury, conclude, type Hold, requireHold } from "../../queue/sqlite-queue.ts";
import type { Act, Tx } from "../../storage/database.ts";
import { appendEvent } from "../../storage/events.ts";
import type { CaptureTable, FaceTable } from "../../storage/schema.ts";
import type { Decision, Thresholds } from "./decision.ts";

/**
 * The steps of a visit as the database keeps them. Each is bound to the lease of its job, so a worker that
 * was slow to die cannot write over the one that took its work; each may be repeated after a crash.
 */

type CaptureArgs = { hold: Hold; capture: CaptureTable };

/** A frame lies in the vault. */
export const recordCapture: Act<CaptureArgs, void> = {
  name: "visit.record-capture",
  async run(tx, { hold, capture }) {
    await requireHold(tx, hold);
    await tx
      .insertInto("capture")
      .values(capture)
      .onConflict((oc) => oc.doNothing())
      .execute();
    await tx
      .updateTable("visit")
      .set({ state: "captured" })
      .where("id", "=", capture.visit_id)
      .where("state", "=", "accepted")
      .execute();
  },
};

/** What recognition found, as it is kept. */
export interface DecisionRecord {
  readonly visitId: string;
  readonly decision: Decision;
  readonly thresholds: Thresholds;
  readonly model: string | null;
  readonly frames: readonly { readonly captureId: string; readonly width: number; readonly height: number }[];
  readonly faces: readonly Omit<FaceTable, "corrected">[];
}

type DecisionArgs = { hold: Hold; record: DecisionRecord; at: number };

/** The visit is decided. Said once: a second decision after a crash changes nothing. */
export const recordDecision: Act<DecisionArgs, void> = {
  name: "visit.record-decision",
  async run(tx, { hold, record, at }) {
    await requireHold(tx, hold);
    if (!(await setOutcome(tx, record, at))) return;
    for (const { captureId, width, height } of record.frames) {
      await tx.updateTable("capture").set({ width, height }).where("id", "=", captureId).execute();
    }
    if (record.faces.length > 0)
      await tx
        .insertInto("face")
        .values([...record.faces])
        .execute();
    await appendEvent(tx, {
      kind: "visit.decided",
      subject: record.visitId,
      at,
      payload: { outcome: record.decision.outcome, person: record.decision.personId },
    });
  },
};

async function setOutcome(tx: Tx, record: DecisionRecord, at: number): Promise<boolean> {
  const { decision, thresholds } = record;
  const updated = await tx
    .updateTable("visit")
    .set({
      state: "decided",
      outcome: decision.outcome,
      reason: decision.reason,
      person_id: decision.personId,
      distance: decision.distance,
      evidence: decision.evidence,
      decision: JSON.stringify({ v: 1, thresholds, frames: record.frames.length }),
      model: record.model,
      decided_at: at,
    })
    .where("id", "=", record.visitId)
    .where("state", "in", ["accepted", "captured"])
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

type FinishArgs = { hold: Hold; visitId: string; at: number; dead: string | null };

/**
 * The last step inside an act that has added the deliveries: the visit is done and its job gone, or among
 * the dead letters with its reason.
 */
export async function finishVisit(tx: Tx, { hold, visitId, at, dead }: FinishArgs): Promise<void> {
  if (dead === null) await conclude(tx, hold);
  else await bury(tx, hold, dead);
  await tx.updateTable("visit").set({ state: "done" }).where("id", "=", visitId).execute();
  await appendEvent(tx, { kind: "visit.done", subject: visitId, at, payload: dead === null ? {} : { dead } });
}
