import { messageOf } from "../../../lib/errors.ts";
import { type Camera, CameraError, type CaptureRequest, type Frame } from "./camera.ts";

/** A capture that ends in time, whatever the camera does. */
export interface CaptureBounds extends CaptureRequest {
  /** How long to wait for the first frame, ms. */
  readonly firstFrameTimeoutMs: number;
  /** How long the whole capture may take, with what its reader does between the frames, ms. */
  readonly totalTimeoutMs: number;
}

/**
 * Gives as many frames as come in time, one by one, and at the end why there were not more: `null` when the
 * camera gave all, or had no more. Every fault of the camera, even one that ignores its signal, is such a
 * value, so that the visit goes on without a picture. A reader that has enough calls `return`.
 * @throws only the reason of `signal`, when the reader gave the capture up
 */
export async function* boundedCapture(
  camera: Camera,
  bounds: CaptureBounds,
  signal: AbortSignal,
): AsyncGenerator<Frame, CameraError | null> {
  signal.throwIfAborted();
  let given = 0;
  const timeout = new AbortController();
  const abortAfter = (ms: number) =>
    setTimeout(() => timeout.abort(late(camera, `${given} of ${bounds.frames} frames`, ms)), ms);
  const first = abortAfter(bounds.firstFrameTimeoutMs);
  const total = abortAfter(bounds.totalTimeoutMs);
  const stop = AbortSignal.any([signal, timeout.signal]);
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener("abort", () => reject(stop.reason), { once: true });
  });
  stopped.catch(() => {});

  let source: AsyncIterator<Frame> | undefined;
  try {
    source = camera.capture(bounds, stop)[Symbol.asyncIterator]();
    while (given < bounds.frames) {
      const next = await Promise.race([source.next(), stopped]);
      if (next.done) break;
      clearTimeout(first);
      given += 1;
      yield next.value;
    }
    return given > 0 ? null : empty(camera);
  } catch (error) {
    signal.throwIfAborted();
    return asCameraError(camera, error);
  } finally {
    clearTimeout(first);
    clearTimeout(total);
    timeout.abort();
    // Not awaited: it waits behind a `next` that hangs.
    source?.return?.().catch(() => {});
  }
}

function late(camera: Camera, came: string, ms: number): CameraError {
  return new CameraError(`capture from ${camera.kind} camera: ${came} within ${ms} ms`, {
    code: "camera_timeout",
    hint: "Look whether the camera has power and a good connection; raise the time-outs of captures if it is only slow.",
    retryable: true,
  });
}

function empty(camera: Camera): CameraError {
  return new CameraError(`capture from ${camera.kind} camera: it gave no frame`, {
    code: "camera_empty",
    hint: "Look with `doorbell camera test` at what the camera gives.",
    retryable: true,
  });
}

function asCameraError(camera: Camera, error: unknown): CameraError {
  if (error instanceof CameraError) return error;
  return new CameraError(`capture from ${camera.kind} camera: ${messageOf(error)}`, {
    code: "camera_bad_answer",
    hint: "This is a defect of the camera driver: please report it with the message.",
    cause: error,
  });
}
