import { DoorbellError, type ErrorFacts } from "../../lib/errors.ts";

/** Every way in which a photo can be refused, with the HTTP status that says so. */
const STATUS = {
  empty: 422,
  not_an_image: 415,
  unsupported_format: 415,
  heic: 415,
  animated: 422,
  truncated: 422,
  too_large: 413,
  too_many_pixels: 413,
} as const;

/** What is wrong with a photo: its `code`. */
export type PhotoErrorCode = keyof typeof STATUS;

/** A photo cannot be used. Never retryable: the same bytes are refused again. */
export class PhotoError extends DoorbellError {
  declare readonly code: PhotoErrorCode;
  /** The HTTP status that fits: 413 too big, 415 wrong kind, 422 right kind but unusable. */
  readonly status: 413 | 415 | 422;

  constructor(message: string, facts: Omit<ErrorFacts, "retryable"> & { readonly code: PhotoErrorCode }) {
    super(message, facts);
    this.status = STATUS[facts.code];
  }
}
