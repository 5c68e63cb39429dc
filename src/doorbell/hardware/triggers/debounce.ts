import type { Moment } from "../../../lib/clock.ts";

/** The default of `windowMs`: presses of one button within it are one visit. */
export const DEBOUNCE_MS = 5_000;

/** The last press of a (door, button) that began a visit. */
export interface AcceptedPress {
  readonly visitId: string;
  readonly moment: Moment;
}

/** What a press is: the begin of a visit, or one more press of a visit that has begun. */
export type PressDecision =
  | { readonly kind: "accept" }
  | { readonly kind: "merge"; readonly visitId: string };

/**
 * Decides on one press of one button. The window is counted from the press that began the visit, so that a
 * stuck button makes a visit every `windowMs`, not one for ever; on the monotonic clock, so that a wall
 * clock set back changes nothing; and to both sides, for presses may arrive out of order.
 * @param last undefined when the button was never pressed
 * @param now when the press happened
 * @param windowMs 0 accepts every press
 */
export function debounce(
  last: AcceptedPress | undefined,
  now: Moment,
  windowMs = DEBOUNCE_MS,
): PressDecision {
  const repeats =
    last !== undefined &&
    last.moment.boot === now.boot &&
    Math.abs(now.uptimeMs - last.moment.uptimeMs) < windowMs;
  return repeats ? { kind: "merge", visitId: last.visitId } : { kind: "accept" };
}
