import { DoorbellError, type ErrorFacts } from "../lib/errors.ts";
import type { SecretReference } from "../lib/settings.ts";
import type { Message } from "./message.ts";

/** One way to one receiver or group of receivers. */
export interface Channel {
  /** The driver: `webhook`, `email`, `log`. */
  readonly kind: string;
  /** The name it has in the configuration. */
  readonly name: string;
  /**
   * Whether a receiver can recognise a repeat by `Message.id`. Where it cannot, a delivery of which a crash
   * hid the end is not sent again: it goes to the dead letters for a person to decide; and the driver says
   * `retryable: false` whenever it cannot tell whether the message arrived.
   */
  readonly recognisesRepeats: boolean;
  /**
   * Delivers once and never retries; resolves when the receiver has taken the message. Ends soon after
   * `signal` is aborted. Throws ChannelError, whose `retryable` the outbox obeys.
   */
  deliver(message: Message, signal: AbortSignal): Promise<void>;
}

/** Why a channel did not deliver. Holds no address, secret or name. */
export class ChannelError extends DoorbellError {
  /** The receiver asked for this much patience, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, facts: ErrorFacts & { readonly retryAfterMs?: number | undefined }) {
    super(message, facts);
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The error of a delivery that its own signal ended: out of time, or the process stops. */
export function interrupted(channel: string, signal: AbortSignal): ChannelError {
  const late = (signal.reason as Error | undefined)?.name === "TimeoutError";
  return new ChannelError(`deliver to ${channel}: ${late ? "no answer in time" : "the process stops"}`, {
    code: late ? "channel_timeout" : "channel_interrupted",
    hint: late
      ? "The receiver is slow or hangs. If it is only slow, raise `notifications.timeoutMs`."
      : "It is delivered again after the start.",
    retryable: true,
    cause: signal.reason,
  });
}

/** The error of a receiver that could not be reached or broke off. */
export function unreachable(channel: string, cause: unknown): ChannelError {
  const why = (cause as NodeJS.ErrnoException).code ?? "connection failed";
  return new ChannelError(`deliver to ${channel}: ${why}`, {
    code: "channel_unreachable",
    hint: "Look at the address of the channel, at the network and at the receiver.",
    retryable: true,
    cause,
  });
}

/** Reads the secret behind a reference, at the moment it is used. */
export type ResolveSecret = (reference: SecretReference) => Promise<string>;

/** True for a host name or address that never leaves this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
