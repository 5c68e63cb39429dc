import type { Moment } from "../../../lib/clock.ts";
import { DoorbellError } from "../../../lib/errors.ts";
import type { Frame } from "../cameras/camera.ts";

/** Someone is at a door. */
export interface Press {
  readonly doorId: string;
  /** The trigger's kind, such as `http`; motion has a lower priority than the others. */
  readonly source: string;
  /** Which button of the door, where it has several. */
  readonly button?: string;
  /** When it happened, not when it was delivered, ms since the epoch. */
  readonly at: number;
  /** The same on the monotonic clock, for the debounce. */
  readonly moment: Moment;
  /** The sender's name for this press, and the hash of all it asked: sent again, it makes no second visit. */
  readonly key?: { readonly name: string; readonly request: string };
  /** A frame that came along, in place of a capture. */
  readonly frame?: Frame;
  /** The scene that a demonstration camera shall show. */
  readonly scene?: string;
}

/** What became of a press. */
export interface PressReceipt {
  readonly visitId: string;
  /** `repeated`: its key was known; `merged`: it belongs to a visit that had just begun. */
  readonly status: "accepted" | "repeated" | "merged";
}

/** Resolves once the press is durable, rejects when it is not: then the trigger tells its sender, or delivers it again. */
export type OnPress = (press: Press) => Promise<PressReceipt>;

/** A source of presses: it acknowledges a press to its sender only after `onPress` has resolved. */
export interface Trigger {
  /** The driver's name, such as `http`, and the `source` of its presses. */
  readonly kind: string;
  /** Begins to deliver. A press that `onPress` rejects does not end the trigger. May follow a `stop`. */
  start(onPress: OnPress): Promise<void>;
  /** Ends delivering, after the presses in flight have settled. Calling it again does nothing. */
  stop(): Promise<void>;
}

/** A trigger cannot take or deliver presses. Codes: `trigger_stopped`. */
export class TriggerError extends DoorbellError {}
