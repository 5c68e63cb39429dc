import { readdirSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/clock.ts";
import { type Camera, CameraError, type CaptureRequest, type Frame } from "./camera.ts";
import { MAX_FRAME_BYTES, pictureFormat } from "./picture-format.ts";

/** One driver set up with real parts. */
export interface CameraRig {
  /** Works, with the real clock, and never runs out of frames. */
  readonly working: Camera;
  /** The same driver pointed at something that gives no picture. */
  readonly broken: Camera;
  /** Takes down what the rig set up beside the cameras. */
  close(): Promise<void>;
}

const never = new AbortController().signal;

/** All frames of one capture, one frame without pause by default. */
export async function framesOf(
  camera: Camera,
  request: Partial<CaptureRequest> = {},
  signal = never,
): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of camera.capture({ frames: 1, intervalMs: 0, ...request }, signal))
    frames.push(frame);
  return frames;
}

/** The CameraError with which a capture ends; fails when there is none. */
export async function faultOf(camera: Camera, request?: Partial<CaptureRequest>): Promise<CameraError> {
  const outcome = await framesOf(camera, request).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(CameraError);
  return outcome as CameraError;
}

/** What every camera driver does. */
export function cameraContract(driver: string, setUp: () => Promise<CameraRig>): void {
  describe(`the camera contract, ${driver}`, () => {
    const closing: (() => Promise<void>)[] = [];

    async function start(): Promise<CameraRig> {
      const rig = await setUp();
      closing.push(
        () => rig.working.close(),
        () => rig.broken.close(),
        () => rig.close(),
      );
      return rig;
    }

    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
    });

    it("gives as many frames as asked, each a whole picture of bearable size", async () => {
      const { working } = await start();
      const frames = await framesOf(working, { frames: 3 });
      expect(frames).toHaveLength(3);
      for (const { bytes, mediaType } of frames) {
        expect(pictureFormat(bytes)).toBe(mediaType);
        expect(bytes.length).toBeLessThanOrEqual(MAX_FRAME_BYTES);
      }
    });

    it("says when a frame was taken, in ms since the epoch and not in the future", async () => {
      const { working } = await start();
      const [frame] = await framesOf(working);
      expect(frame!.takenAt).toBeGreaterThan(Date.UTC(2020));
      expect(frame!.takenAt).toBeLessThanOrEqual(Date.now());
    });

    it("leaves the interval between two frames", async () => {
      const { working } = await start();
      const clock = systemClock();
      const begin = clock.moment().uptimeMs;
      await framesOf(working, { frames: 3, intervalMs: 50 });
      // Two intervals, less what timers and whole milliseconds may round away.
      expect(clock.moment().uptimeMs - begin).toBeGreaterThan(95);
    });

    it("ends with the signal's reason when it was aborted before", async () => {
      const { working } = await start();
      const givenUp = AbortSignal.abort(new Error("given up"));
      await expect(framesOf(working, {}, givenUp)).rejects.toThrow("given up");
    });

    it("ends with the signal's reason when it aborts in the pause between frames", async () => {
      const { working } = await start();
      const giveUp = new AbortController();
      const capture = working.capture(
        { frames: Number.POSITIVE_INFINITY, intervalMs: 3_600_000 },
        giveUp.signal,
      );
      const frames = capture[Symbol.asyncIterator]();
      await frames.next();
      const second = frames.next();
      giveUp.abort(new Error("given up"));
      await expect(second).rejects.toThrow("given up");
    });

    it("gives two captures at once their frames", async () => {
      const { working } = await start();
      const both = await Promise.all([framesOf(working, { frames: 2 }), framesOf(working, { frames: 2 })]);
      expect(both.map((frames) => frames.length)).toEqual([2, 2]);
    });

    it("gives frames again after a capture that was left early", async () => {
      const { working } = await start();
      for await (const _ of working.capture({ frames: 5, intervalMs: 0 }, never)) break;
      expect(await framesOf(working)).toHaveLength(1);
    });

    it("ends a running capture when it closes, and refuses the next one", async () => {
      const { working } = await start();
      const capture = working.capture({ frames: 2, intervalMs: 3_600_000 }, never);
      const frames = capture[Symbol.asyncIterator]();
      await frames.next();
      const second = frames.next();
      await Promise.all([
        expect(second).rejects.toMatchObject({ name: "CameraError", code: "camera_off" }),
        working.close(),
      ]);
      expect((await faultOf(working)).code).toBe("camera_off");
      await working.close();
    });

    it("tells a fault as CameraError with a hint, and keeps telling it", async () => {
      const { broken } = await start();
      for (let tries = 0; tries < 2; tries++) {
        const fault = await faultOf(broken);
        expect(fault.code).toMatch(/^camera_(off|timeout|refused|bad_answer|empty)$/);
        expect(fault.hint).toMatch(/^[A-Z].*\.$/);
      }
    });

    it("leaves no socket, child or open file behind", async () => {
      const { working, broken } = await start();
      const before = held();
      await framesOf(working, { frames: 2 });
      await faultOf(broken);
      await Promise.all([working.close(), broken.close()]);
      await expect.poll(held, { timeout: 5_000 }).toEqual(before);
    });
  });
}

const LEAKS = new Set(["TCPSocketWrap", "TCPServerWrap", "TLSWrap", "FSReqPromise", "ProcessWrap"]);

/** What keeps this process busy, by kind, and how many files it has open. No timers: `expect.poll` holds one. */
function held(): unknown[] {
  const kinds = process.getActiveResourcesInfo().filter((kind) => LEAKS.has(kind));
  return [...kinds, `${readdirSync("/proc/self/fd").length} descriptors`];
}
