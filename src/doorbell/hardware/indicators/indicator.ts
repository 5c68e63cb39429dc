import { DoorbellError } from "../../../lib/errors.ts";

/** What the visitor is shown: nothing going on, being looked up, the two answers, or out of order. */
export const INDICATOR_STATES = ["idle", "pressed", "recognised", "refused", "fault"] as const;

/** One of `INDICATOR_STATES`. */
export type IndicatorState = (typeof INDICATOR_STATES)[number];

/** A light, a display or a message at a door. A visit never waits for it and never fails with it. */
export interface Indicator {
  /** The driver's name, such as `log`. */
  readonly kind: string;
  /**
   * Shows a state until the next one, in the order of the calls; the same state again is harmless.
   * Resolves when it is shown. @throws IndicatorError when it cannot be shown in the driver's own time-out
   */
  show(state: IndicatorState, doorId: string): Promise<void>;
  /** Frees what the indicator holds; `show` rejects from then on. Calling it again does nothing. */
  close(): Promise<void>;
}

/** A state could not be shown. Codes: `indicator_closed`. */
export class IndicatorError extends DoorbellError {}

/** The error of a `show` after `close`, the same for every driver. */
export function indicatorClosed(kind: string): IndicatorError {
  return new IndicatorError(`show state on ${kind} indicator: it is closed`, {
    code: "indicator_closed",
    hint: "The indicator was closed because its settings changed or the system stops.",
  });
}
