import type { Logger } from "pino";
import type { DoorbellError } from "../../lib/errors.ts";
import type { Camera, CameraError } from "../hardware/cameras/camera.ts";
import type { FaceEngine } from "../recognition/face-engine.ts";
import { PhotoError } from "../recognition/photo-error.ts";
import { type Decision, decide, type Nearest, type Thresholds } from "../visit/decision.ts";
import type { PipelineSettings } from "./settings.ts";
import type { StageObserver } from "./stage.ts";
import { type CaptureDeps, type CaptureTask, capture, type StoredFrame } from "./stages/capture.ts";
import { type DetectDeps, detect } from "./stages/detect.ts";
import { type RecognisedFrame, recognise } from "./stages/recognise.ts";

/** What a visit is examined with. */
export interface ExamineWith extends CaptureDeps, DetectDeps {
  readonly engine: FaceEngine;
  readonly camera: Camera;
  readonly nearest: (embedding: Float32Array) => Nearest | null;
  readonly stages: StageObserver;
  readonly log: Logger;
  /** Told of a camera that gave no frame at all. */
  readonly onCameraFault: (fault: CameraError) => void;
}

/** Settings as they stand when the visit begins. */
export interface ExamineSettings {
  readonly pipeline: PipelineSettings;
  readonly thresholds: Thresholds;
}

/** What was seen of a visit, and what it comes to. */
export interface Examined {
  readonly decision: Decision;
  readonly frames: readonly RecognisedFrame[];
  /** Why a frame could not be read, where none could: the visit is one for the dead letters. */
  readonly unreadable: PhotoError | null;
}

/** Looks at frame after frame, until one is decisive or there are no more. */
export async function examine(
  task: CaptureTask,
  { pipeline, thresholds }: ExamineSettings,
  deps: ExamineWith,
  signal: AbortSignal,
): Promise<Examined> {
  const bounds = {
    frames: pipeline.framesPerVisit,
    intervalMs: pipeline.frameIntervalMs,
    firstFrameTimeoutMs: pipeline.firstFrameTimeoutMs,
    totalTimeoutMs: pipeline.captureTimeoutMs,
  };
  const source = capture(task, deps.camera, bounds, deps, signal);
  const frames: RecognisedFrame[] = [];
  let unreadable: PhotoError | null = null;
  /** A camera that gave some frames and not all is no fault. */
  const noFrameAtAll = (next: IteratorResult<StoredFrame, CameraError | null>): CameraError | null =>
    next.done && frames.length === 0 ? next.value : null;
  try {
    for (let left = pipeline.framesPerVisit - 1; ; left--) {
      const next = await deps.stages.run("capture", () => source.next(), noFrameAtAll);
      if (next.done) {
        const fault = noFrameAtAll(next);
        if (fault) deps.onCameraFault(fault);
        return atEnd(frames, thresholds, unreadable, next.value);
      }
      const seen = await look(next.value, pipeline.maxFacesPerFrame, deps);
      if (seen instanceof PhotoError) unreadable = seen;
      else frames.push(seen);
      const decision = await deps.stages.run("decide", async () => decide(viewsOf(frames), left, thresholds));
      if (decision && frames.length > 0) return { decision, frames, unreadable: null };
    }
  } finally {
    await source.return(null);
  }
}

/** One frame's faces, or why it cannot be read: a broken frame is no reason to lose the others. */
async function look(
  frame: StoredFrame,
  maxFaces: number,
  deps: ExamineWith,
): Promise<RecognisedFrame | PhotoError> {
  try {
    const found = await deps.stages.run("detect", () => detect(frame, deps));
    return await deps.stages.run("recognise", () => recognise(found, { ...deps, maxFaces }));
  } catch (error) {
    if (!(error instanceof PhotoError)) throw error;
    deps.log.warn({ err: error, "capture.id": frame.captureId }, "frame left out");
    return error;
  }
}

function atEnd(
  frames: readonly RecognisedFrame[],
  thresholds: Thresholds,
  unreadable: PhotoError | null,
  ended: DoorbellError | null,
): Examined {
  const decision = decide(viewsOf(frames), 0, thresholds)!;
  if (frames.length > 0) return { decision, frames, unreadable: null };
  return { decision: { ...decision, reason: (unreadable ?? ended)?.code ?? null }, frames, unreadable };
}

function viewsOf(frames: readonly RecognisedFrame[]) {
  return frames.map(({ faces }) => faces.map(({ box, nearest }) => ({ widthPx: box.width, nearest })));
}
