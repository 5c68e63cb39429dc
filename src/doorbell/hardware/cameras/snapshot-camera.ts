import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../../../lib/clock.ts";
import { type Camera, CameraError, type CaptureRequest, type Frame } from "./camera.ts";

/** Takes the next frame of one capture; undefined when there are no more. */
export type TakeFrame = (signal: AbortSignal) => Promise<Frame | undefined>;

/**
 * A camera made of single pictures: what such drivers share is the pace, the abort and the close.
 * @param begin called once a capture, so that what it returns may remember the frames it gave
 */
export function snapshotCamera(
  kind: string,
  clock: Clock,
  begin: (request: CaptureRequest) => TakeFrame,
): Camera {
  const closing = new AbortController();
  return {
    kind,
    async *capture(request, signal) {
      const stop = AbortSignal.any([signal, closing.signal]);
      const take = begin(request);
      let dueMs = 0;
      for (let given = 0; given < request.frames; given++) {
        await pause(dueMs - clock.moment().uptimeMs, stop);
        dueMs = clock.moment().uptimeMs + request.intervalMs;
        const frame = await take(stop);
        stop.throwIfAborted();
        if (frame === undefined) return;
        yield frame;
      }
    },
    async close() {
      closing.abort(
        new CameraError(`capture from ${kind} camera: closed`, {
          code: "camera_off",
          hint: "The camera was closed because its settings changed or the system stops; press again.",
          retryable: true,
        }),
      );
    },
  };
}

/** Waits, if `ms` is positive. @throws the signal's reason when it aborts */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
