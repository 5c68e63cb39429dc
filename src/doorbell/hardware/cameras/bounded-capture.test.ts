import { describe, expect, it } from "vitest";
import { boundedCapture, type CaptureBounds } from "./bounded-capture.ts";
import { type Camera, CameraError, type Frame } from "./camera.ts";

const BOUNDS = { frames: 3, intervalMs: 0, firstFrameTimeoutMs: 10_000, totalTimeoutMs: 10_000 };
const never = new AbortController().signal;
const forEver = new Promise<never>(() => {});

const frame = (takenAt: number): Frame => ({ bytes: new Uint8Array(), mediaType: "image/jpeg", takenAt });

/** All that a bounded capture gives. */
async function capture(camera: Camera, bounds: CaptureBounds, signal: AbortSignal) {
  const source = boundedCapture(camera, bounds, signal);
  const frames: Frame[] = [];
  for (;;) {
    const next = await source.next();
    if (next.done) return { frames, reason: next.value };
    frames.push(next.value);
  }
}

/** A camera whose capture is this generator. */
function camera(capture: Camera["capture"]): Camera {
  return { kind: "test", capture, close: async () => {} };
}

describe("a bounded capture", () => {
  it("gives the frames that it asked for, and no more of an endless camera", async () => {
    let left = false;
    const endless = camera(async function* () {
      try {
        for (let at = 0; ; at++) yield frame(at);
      } finally {
        left = true;
      }
    });
    expect(await capture(endless, BOUNDS, never)).toEqual({
      frames: [frame(0), frame(1), frame(2)],
      reason: null,
    });
    expect(left).toBe(true);
  });

  it("is content with fewer frames when the camera has no more", async () => {
    const one = camera(async function* () {
      yield frame(0);
    });
    expect(await capture(one, BOUNDS, never)).toEqual({ frames: [frame(0)], reason: null });
  });

  it("gives a reason when the camera ends without a frame", async () => {
    const none = camera(async function* () {});
    expect(await capture(none, BOUNDS, never)).toMatchObject({
      frames: [],
      reason: { code: "camera_empty" },
    });
  });

  it("gives up on a camera that hangs and ignores its signal", async () => {
    const deaf = camera(async function* () {
      yield await forEver;
    });
    const { frames, reason } = await capture(deaf, { ...BOUNDS, firstFrameTimeoutMs: 20 }, never);
    expect(frames).toEqual([]);
    expect(reason).toMatchObject({ code: "camera_timeout", retryable: true });
    expect(reason!.message).toBe("capture from test camera: 0 of 3 frames within 20 ms");
  });

  it("keeps the frames that came before a camera hung, and says why there are not more", async () => {
    const failing = camera(async function* () {
      yield frame(0);
      yield await forEver;
    });
    const bounds = { ...BOUNDS, firstFrameTimeoutMs: 10, totalTimeoutMs: 40 };
    const { frames, reason } = await capture(failing, bounds, never);
    expect(frames).toEqual([frame(0)]);
    expect(reason!.message).toContain("1 of 3 frames within 40 ms");
  });

  it("keeps the frames that came before a fault, and passes the camera's reason on", async () => {
    const fault = new CameraError("gone", { code: "camera_off", hint: "Look." });
    const failing = camera(async function* () {
      yield frame(0);
      throw fault;
    });
    expect(await capture(failing, BOUNDS, never)).toEqual({ frames: [frame(0)], reason: fault });
  });

  it("makes a reason of a driver's defect, so that the visit goes on", async () => {
    const defect = new TypeError("x is not a function");
    const { reason } = await capture(
      camera(() => {
        throw defect;
      }),
      BOUNDS,
      never,
    );
    expect(reason).toMatchObject({ code: "camera_bad_answer", cause: defect, retryable: false });
  });

  it("throws only when the caller gives up, also while the camera hangs", async () => {
    const deaf = camera(async function* () {
      yield await forEver;
    });
    const giveUp = new AbortController();
    const running = capture(deaf, BOUNDS, giveUp.signal);
    giveUp.abort(new Error("shutting down"));
    await expect(running).rejects.toThrow("shutting down");
    await expect(capture(deaf, BOUNDS, giveUp.signal)).rejects.toThrow("shutting down");
  });

  it("tells the camera to stop when it gives up", async () => {
    const { promise: stopped, resolve } = Promise.withResolvers<unknown>();
    const listening = camera(async function* (_, signal) {
      signal.addEventListener("abort", () => resolve(signal.reason));
      yield await forEver;
    });
    const { reason } = await capture(listening, { ...BOUNDS, totalTimeoutMs: 10 }, never);
    expect(await stopped).toBe(reason);
  });

  it("tells the camera to stop when it has enough", async () => {
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    const stream = camera((_, signal) => {
      signal.addEventListener("abort", () => resolve());
      return { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: frame(0) }) }) };
    });
    expect((await capture(stream, BOUNDS, never)).frames).toHaveLength(3);
    await stopped;
  });

  it("lets its reader leave with the first frame, and the camera go", async () => {
    let left = false;
    const endless = camera(async function* () {
      try {
        for (let at = 0; ; at++) yield frame(at);
      } finally {
        left = true;
      }
    });
    const source = boundedCapture(endless, BOUNDS, never);
    await source.next();
    await source.return(null);
    expect(left).toBe(true);
  });
});
