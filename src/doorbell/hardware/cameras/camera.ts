import { DoorbellError, type ErrorFacts } from "../../../lib/errors.ts";
import type { PhotoMediaType } from "../../recognition/photo-format.ts";

/** One picture as the camera gave it. */
export interface Frame {
  /** The encoded file, at most `MAX_FRAME_BYTES`; shared, not to be written to. */
  readonly bytes: Uint8Array;
  readonly mediaType: PhotoMediaType;
  /** When it was taken, as well as the driver can know, ms since the epoch. May lie before the press. */
  readonly takenAt: number;
}

/** What one capture asks of a camera. */
export interface CaptureRequest {
  /** How many frames at most, from 1; `Infinity` for a viewer that goes on until it aborts. */
  readonly frames: number;
  /** Least time from one frame to the next, ms. */
  readonly intervalMs: number;
  /** When the button was pressed, ms since the epoch. A camera that keeps its last seconds starts there; others ignore it. */
  readonly pressedAt?: number;
  /** The scene that the press asks for; cameras other than the demonstration ignore it. */
  readonly scene?: string;
}

/** A source of frames at a door. Several captures may run at once. */
export interface Camera {
  /** The driver's name, such as `folder`. */
  readonly kind: string;
  /**
   * Gives frames one by one, fewer than asked when there are no more.
   * Rejects with the signal's reason soon after it aborts, and with `CameraError` for every fault of the
   * camera or after `close`. A driver never retries: the caller knows how long the visitor may wait.
   */
  capture(request: CaptureRequest, signal: AbortSignal): AsyncIterable<Frame>;
  /** Ends running captures and frees what the camera holds. Calling it again does nothing. */
  close(): Promise<void>;
}

/**
 * Why a camera gave no frame:
 * - `camera_off`: not there, not reachable, connection broken, or closed by us
 * - `camera_timeout`: there, but not done in time
 * - `camera_refused`: credentials, permission or our own address policy
 * - `camera_bad_answer`: it answered with something that is no picture of a bearable size
 * - `camera_empty`: it works but has no picture to give
 */
export type CameraErrorCode =
  | "camera_off"
  | "camera_timeout"
  | "camera_refused"
  | "camera_bad_answer"
  | "camera_empty";

/** A fault of a camera. `retryable`: the next capture may succeed with nothing changed. */
export class CameraError extends DoorbellError {
  declare readonly code: CameraErrorCode;

  constructor(message: string, facts: ErrorFacts & { readonly code: CameraErrorCode }) {
    super(message, facts);
  }
}
