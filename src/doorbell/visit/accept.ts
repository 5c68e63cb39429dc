import { randomBytes } from "node:crypto";
import type { Clock, Moment } from "../../lib/clock.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { enqueue } from "../../queue/sqlite-queue.ts";
import type { Act, Database } from "../../storage/database.ts";
import { appendEvent } from "../../storage/events.ts";
import type { Vault } from "../../storage/vault.ts";

/** What pressed, or saw somebody come. */
export const TRIGGER_SOURCES = ["http", "cli", "page", "synthetic", "gpio", "mqtt", "motion"] as const;
export type TriggerSource = (typeof TRIGGER_SOURCES)[number];

/** A trigger at a door, checked by whoever received it. */
export interface Press {
  readonly doorId: string;
  readonly siteId: string;
  readonly source: TriggerSource;
  /** Present where the caller may repeat itself: the same key never makes a second visit. */
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
  /** A picture sent along; then the camera is not asked. */
  readonly frame?: { readonly bytes: Uint8Array; readonly mediaType: string };
  /** W3C traceparent of the request; a new trace begins where absent. */
  readonly traceparent?: string;
  /** The scene asked of the demonstration camera. */
  readonly scene?: string;
}

/** What became of a press. `mismatch`: its key was used before for a different request. */
export type Accepted =
  | { readonly status: "accepted" | "repeated"; readonly visitId: string }
  | { readonly status: "mismatch" };

/** How the work of a visit is passed on. Version 1 of the payload. */
export interface VisitJob {
  readonly visitId: string;
  readonly scene?: string | undefined;
}

/** Presses come before everything else that waits. */
export const PRESS_PRIORITY = 0;

interface AcceptArgs {
  readonly visitId: string;
  readonly press: Omit<Press, "frame">;
  readonly frame: { readonly captureId: string; readonly mediaType: string; readonly bytes: number } | null;
  readonly traceparent: string;
  readonly lane: string;
  readonly at: number;
  readonly moment: Moment;
  readonly maxTries: number;
}

/** Makes the visit, its work and its event one fact. */
export const acceptVisit: Act<AcceptArgs, Accepted> = {
  name: "visit.accept",
  async run(tx, { visitId, press, frame, traceparent, lane, at, moment, maxTries }) {
    const inserted = await tx
      .insertInto("visit")
      .values({
        id: visitId,
        site_id: press.siteId,
        door_id: press.doorId,
        trigger_source: press.source,
        state: "accepted",
        outcome: null,
        reason: null,
        person_id: null,
        distance: null,
        evidence: null,
        decision: null,
        model: null,
        traceparent,
        idempotency_key: press.idempotency?.key ?? null,
        request_hash: press.idempotency?.requestHash ?? null,
        synthetic: press.source === "synthetic" ? 1 : 0,
        release: lane,
        accepted_at: at,
        decided_at: null,
        acknowledged_at: null,
      })
      .onConflict((oc) => oc.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows === 0n) {
      const first = await tx
        .selectFrom("visit")
        .select(["id", "request_hash"])
        .where("door_id", "=", press.doorId)
        .where("idempotency_key", "=", press.idempotency?.key ?? null)
        .executeTakeFirstOrThrow();
      const same = first.request_hash === press.idempotency?.requestHash;
      return same ? { status: "repeated", visitId: first.id } : { status: "mismatch" };
    }
    if (frame) {
      await tx
        .insertInto("capture")
        .values({
          id: frame.captureId,
          visit_id: visitId,
          position: 0,
          taken_at: at,
          media_type: frame.mediaType,
          width: null,
          height: null,
          bytes: frame.bytes,
        })
        .execute();
    }
    const payload: VisitJob = { visitId, scene: press.scene };
    await enqueue(
      tx,
      { id: visitId, kind: "visit", priority: PRESS_PRIORITY, payload, payloadVersion: 1, maxTries },
      { lane, at, moment },
    );
    await appendEvent(tx, { kind: "visit.accepted", subject: visitId, at, payload: { door: press.doorId } });
    return { status: "accepted", visitId };
  },
};

/** Takes presses in. */
export interface VisitIntake {
  /** Durable when it resolves. @throws StorageError, VaultError: then there is no visit */
  accept(press: Press): Promise<Accepted>;
}

/** What the intake needs beside the database. */
export interface IntakeDeps {
  readonly database: Database;
  readonly vault: Vault;
  readonly clock: Clock;
}

/** The door of the system. @param config lane: the release that will do the work; maxTries of a visit's job */
export function visitIntake(config: { lane: string; maxTries: number }, deps: IntakeDeps): VisitIntake {
  return {
    async accept({ frame, ...press }) {
      const at = deps.clock.now();
      const visitId = uuidv7(at);
      const captureId = uuidv7(at);
      if (frame) await deps.vault.put({ owner: { kind: "visit", id: visitId }, id: captureId }, frame.bytes);
      return deps.database.write(acceptVisit, {
        visitId,
        press,
        frame: frame ? { captureId, mediaType: frame.mediaType, bytes: frame.bytes.length } : null,
        traceparent: press.traceparent ?? newTraceparent(),
        lane: config.lane,
        at,
        moment: deps.clock.moment(),
        maxTries: config.maxTries,
      });
    },
  };
}

/** A new sampled trace (W3C Trace Context, level 1). */
function newTraceparent(): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
}
