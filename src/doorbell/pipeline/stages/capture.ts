import type { Clock } from "../../../lib/clock.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { uuidv7 } from "../../../lib/ids.ts";
import type { Hold } from "../../../queue/sqlite-queue.ts";
import type { Database } from "../../../storage/database.ts";
import type { Vault } from "../../../storage/vault.ts";
import { boundedCapture, type CaptureBounds } from "../../hardware/cameras/bounded-capture.ts";
import type { Camera, CameraError, Frame } from "../../hardware/cameras/camera.ts";
import { recordCapture } from "../../visit/progress.ts";

/** A frame of a visit that lies in the vault. */
export interface StoredFrame {
  readonly captureId: string;
  /** The encoded picture. */
  readonly bytes: Uint8Array;
}

/** What to capture for. */
export interface CaptureTask {
  readonly visitId: string;
  readonly pressedAt: number;
  readonly scene?: string | undefined;
  readonly hold: Hold;
}

/** The frames of a visit one by one, and at the end why there were not more. */
export type Frames = AsyncGenerator<StoredFrame, CameraError | null>;

/** What the stage needs. */
export interface CaptureDeps {
  readonly database: Database;
  readonly vault: Vault;
  readonly clock: Clock;
}

/**
 * First stage. Frames that are there already are the visit's frames: sent along with the press, or taken
 * before a crash, when the visitor still stood at the door. Only where there are none is the camera asked.
 * Each frame is in the vault before anybody looks at it.
 */
export async function* capture(
  task: CaptureTask,
  camera: Camera,
  bounds: Omit<CaptureBounds, "pressedAt" | "scene">,
  deps: CaptureDeps,
  signal: AbortSignal,
): Frames {
  const present = await deps.database.read
    .selectFrom("capture")
    .select("id")
    .where("visit_id", "=", task.visitId)
    .orderBy("position")
    .execute();
  for (const { id } of present) {
    const bytes = await deps.vault.get({ owner: { kind: "visit", id: task.visitId }, id });
    if (bytes) yield { captureId: id, bytes };
  }
  if (present.length > 0) return null;

  const request = { ...bounds, pressedAt: task.pressedAt, ...(task.scene ? { scene: task.scene } : {}) };
  const source = boundedCapture(camera, request, signal);
  try {
    for (let position = 0; ; position++) {
      const next = await source.next();
      if (next.done) return next.value;
      yield await store(next.value, position, task, deps);
    }
  } finally {
    // The visit may be decided before the camera has given all.
    await source.return(null);
  }
}

/** Puts a frame into the vault and says so. */
async function store(
  frame: Frame,
  position: number,
  { visitId, hold }: CaptureTask,
  { database, vault, clock }: CaptureDeps,
): Promise<StoredFrame> {
  const captureId = uuidv7(clock.now());
  await vault.put({ owner: { kind: "visit", id: visitId }, id: captureId }, frame.bytes);
  failpoint("capture.before-record");
  await database.write(recordCapture, {
    hold,
    capture: {
      id: captureId,
      visit_id: visitId,
      position,
      taken_at: frame.takenAt,
      media_type: frame.mediaType,
      width: null,
      height: null,
      bytes: frame.bytes.length,
    },
  });
  return { captureId, bytes: frame.bytes };
}
