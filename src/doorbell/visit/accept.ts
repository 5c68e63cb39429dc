import type { Clock, Moment } from "../../lib/clock.ts";
import { DoorbellError } from "../../lib/errors.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { enqueue } from "../../queue/sqlite-queue.ts";
import type { Act, Database } from "../../storage/database.ts";
import { appendEvent } from "../../storage/events.ts";
import { insertRow } from "../../storage/insert-row.ts";
import type { Vault } from "../../storage/vault.ts";
import { type AcceptedPress, debounce } from "../hardware/triggers/debounce.ts";
import type { OnPress, Press, PressReceipt } from "../hardware/triggers/trigger.ts";

/** What became of a press in the database. `mismatch`: its key was used before for a different request. */
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
  readonly siteId: string;
  readonly press: Pick<Press, "doorId" | "source" | "key" | "scene">;
  readonly frame: { readonly captureId: string; readonly mediaType: string; readonly bytes: number } | null;
  /** W3C traceparent that the visit's work continues. */
  readonly traceparent: string;
  readonly lane: string;
  readonly at: number;
  readonly moment: Moment;
  readonly maxTries: number;
}

/** Makes the visit, its work and its event one fact. */
export const acceptVisit: Act<AcceptArgs, Accepted> = {
  name: "visit.accept",
  async run(tx, { visitId, siteId, press, frame, traceparent, lane, at, moment, maxTries }) {
    const isNew = await insertRow(
      tx,
      "visit",
      {
        id: visitId,
        site_id: siteId,
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
        idempotency_key: press.key?.name ?? null,
        request_hash: press.key?.request ?? null,
        synthetic: press.source === "synthetic" ? 1 : 0,
        release: lane,
        accepted_at: at,
        decided_at: null,
        acknowledged_at: null,
      },
      "keep",
    );
    if (!isNew) {
      const first = await tx
        .selectFrom("visit")
        .select(["id", "request_hash"])
        .where("door_id", "=", press.doorId)
        .where("idempotency_key", "=", press.key?.name ?? null)
        .executeTakeFirstOrThrow();
      const same = first.request_hash === press.key?.request;
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

/** What the intake needs. */
export interface IntakeDeps {
  readonly database: Database;
  readonly vault: Vault;
  readonly clock: Clock;
  /** The W3C traceparent of what is under way here. */
  readonly traceparent: () => string;
}

/** Where presses go, and how often their work is tried. */
export interface IntakeConfig {
  /** The release that will do the work. */
  readonly lane: string;
  readonly siteId: string;
  /** Debounce of a door, ms. */
  readonly debounceMs: (doorId: string) => number;
  readonly maxTries: () => number;
}

/** A press that cannot become a visit. */
export class VisitError extends DoorbellError {}

/** The last press of a button that was not one more of another, perhaps still on its way to the disk. */
interface Begun extends AcceptedPress {
  readonly receipt: Promise<PressReceipt>;
  readonly key: string | undefined;
}

/**
 * Where every trigger delivers its presses. Presses of one button that follow each other within its debounce
 * time are one visit, also when the first of them is still on its way to the disk. A press that is sent again
 * under its key is the same press, whenever it comes.
 * @returns durable when it resolves; rejects with VisitError `idempotency_key_reused`, StorageError or
 * VaultError: then there is no visit
 */
export function visitIntake(config: IntakeConfig, deps: IntakeDeps): OnPress {
  const last = new Map<string, Begun>();

  async function accept(visitId: string, press: Press): Promise<PressReceipt> {
    const { frame, at, moment } = press;
    const picture = { owner: { kind: "visit", id: visitId }, id: uuidv7(at) } as const;
    if (frame) await deps.vault.put(picture, frame.bytes);
    failpoint("press.before-commit");
    const { doorId, source, key, scene } = press;
    try {
      const accepted = await deps.database.write(acceptVisit, {
        visitId,
        siteId: config.siteId,
        press: { doorId, source, ...(key && { key }), ...(scene !== undefined && { scene }) },
        frame: frame
          ? { captureId: picture.id, mediaType: frame.mediaType, bytes: frame.bytes.length }
          : null,
        traceparent: deps.traceparent(),
        lane: config.lane,
        at,
        moment,
        maxTries: config.maxTries(),
      });
      if (accepted.status === "mismatch") throw keyReused(doorId);
      return accepted;
    } finally {
      // A picture of no visit would be found by nobody who is to erase it.
      if (frame && !(await isVisit(visitId))) await deps.vault.remove(picture);
    }
  }

  const isVisit = async (id: string): Promise<boolean> =>
    (await deps.database.read.selectFrom("visit").select("id").where("id", "=", id).executeTakeFirst()) !==
    undefined;

  const isKnownKey = async (doorId: string, key: string): Promise<boolean> => {
    const visit = deps.database.read.selectFrom("visit").select("id").where("door_id", "=", doorId);
    return (await visit.where("idempotency_key", "=", key).executeTakeFirst()) !== undefined;
  };

  const onPress: OnPress = async (press) => {
    const { doorId, key, at, moment } = press;
    const button = JSON.stringify([doorId, press.button ?? null]);
    const before = last.get(button);
    if (before && debounce(before, moment, config.debounceMs(doorId)).kind === "merge") {
      const isRepeat = key && (key.name === before.key || (await isKnownKey(doorId, key.name)));
      if (isRepeat) return accept(uuidv7(at), press);
      const { visitId, status } = await before.receipt;
      return status === "accepted" ? { visitId, status: "merged" } : onPress(press);
    }
    const visitId = uuidv7(at);
    const receipt = accept(visitId, press);
    last.set(button, { visitId, moment, receipt, key: key?.name });
    // What began no visit has nothing to merge into.
    const forget = (): void => void (last.get(button)?.visitId === visitId && last.delete(button));
    receipt.then(({ status }) => status === "accepted" || forget(), forget);
    return receipt;
  };
  return onPress;
}

function keyReused(doorId: string): VisitError {
  return new VisitError(`press at ${doorId}: its Idempotency-Key belongs to a different request`, {
    code: "idempotency_key_reused",
    hint: "Send a new key with each new press, and the old one only to repeat the very same request.",
  });
}
