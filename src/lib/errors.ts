/** What an error of this project tells beside its message. */
export interface ErrorFacts {
  /** Stable name for programs and for `docs/errors.md`, such as `photo_too_large`. */
  readonly code: string;
  /** What the operator can do about it, a sentence. */
  readonly hint: string;
  /** Whether the same call may succeed later unchanged. The thrower knows. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * Base of every error that a concept throws; each concept has one subclass.
 * Messages are lower case: verb, noun, cause, and hold no secret.
 */
export class DoorbellError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.code = facts.code;
    this.hint = facts.hint;
    this.retryable = facts.retryable ?? false;
  }
}

/** The message of anything thrown, for logs and for wrapping into another message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True when trying again may help: what the error says of itself; anything unforeseen is not retried. */
export function isRetryable(error: unknown): boolean {
  return error instanceof DoorbellError && error.retryable;
}
