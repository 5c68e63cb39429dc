import type { Outcome } from "../storage/schema.ts";
import type { Locale } from "./catalogue.ts";

/** What a message tells of: a visit, an alert of the system about itself, or a test of a channel. */
export type MessageKind = "visit" | "alert" | "self_test";

/** A picture that goes with a message. */
export interface Photo {
  /** `image/jpeg`, `image/png`, `image/webp`. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** The visit a message tells of, for receivers that are programs. */
export interface MessageVisit {
  readonly id: string;
  readonly outcome: Outcome;
  readonly doorName: string;
  /** Absent where nobody was named or the person was erased meanwhile. */
  readonly personName?: string;
  /** When the bell was rung, ms since the epoch. */
  readonly at: number;
}

/** What a channel delivers: made at the moment of delivery, never stored. */
export interface Message {
  /** Id of the outbox row: the same at every repeat, so that a receiver recognises one. */
  readonly id: string;
  readonly kind: MessageKind;
  readonly urgent: boolean;
  /** One line. */
  readonly title: string;
  /** Plain text, lines parted by `\n`. */
  readonly text: string;
  readonly locale: Locale;
  /** Where to read more. */
  readonly link?: string;
  /** Signed: acknowledges the visit without a login. */
  readonly acknowledgeLink?: string;
  readonly visit?: MessageVisit;
  readonly photo?: Photo;
}
