import { z } from "zod";
import { DoorbellError, type ErrorFacts } from "../lib/errors.ts";

/** One thing that is wrong with a request. */
const fieldError = z.object({
  in: z.string().describe("`body`, `query`, `params` or `headers`."),
  field: z.string().describe("Path of the field, such as `faces.0.x`; empty for the whole."),
  detail: z.string(),
});

/** The body of every refusal and failure (RFC 9457). */
export const problem = z.object({
  type: z.string().describe("URN of the kind of problem."),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().describe("Stable name for programs: see `docs/errors.md`."),
  hint: z.string().describe("What can be done about it."),
  instance: z.string().describe("URN of this request, as the log names it."),
  errors: z.array(fieldError).optional(),
});

/** Parsed `problem`. */
export type Problem = z.infer<typeof problem>;
/** One thing that is wrong with a request. */
export type FieldError = z.infer<typeof fieldError>;

/** Content type of a problem. */
export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/** What an `HttpError` tells beside the facts of every error. */
export interface HttpErrorFacts extends ErrorFacts {
  /** When the same request may be answered, seconds. */
  readonly retryAfterS?: number;
  readonly errors?: readonly FieldError[];
}

/** A request that HTTP itself refuses. Codes and their status: `STATUS`. */
export class HttpError extends DoorbellError {
  readonly retryAfterS: number | undefined;
  readonly errors: readonly FieldError[] | undefined;

  constructor(message: string, facts: HttpErrorFacts) {
    super(message, { retryable: facts.retryAfterS !== undefined, ...facts });
    this.retryAfterS = facts.retryAfterS;
    this.errors = facts.errors;
  }
}

/**
 * Status of each code. What is not here is 503 when it may succeed later; else 400 when HTTP or a route
 * refused it, and 500 when it came from deeper.
 */
const STATUS: Readonly<Record<string, number>> = {
  request_malformed: 400,
  request_invalid: 400,
  body_too_deep: 400,
  idempotency_key_bad: 400,
  unauthorised: 401,
  sign_in_refused: 401,
  forbidden: 403,
  cross_origin: 403,
  not_found: 404,
  door_unknown: 404,
  request_timed_out: 408,
  storage_constraint: 409,
  setup_pending: 409,
  face_not_named: 409,
  person_exists: 409,
  acknowledge_link_bad: 410,
  enrol_source_gone: 410,
  setup_link_bad: 410,
  body_too_large: 413,
  too_large: 413,
  too_many_pixels: 413,
  url_too_long: 414,
  media_type_unsupported: 415,
  heic: 415,
  not_an_image: 415,
  unsupported_format: 415,
  animated: 422,
  empty: 422,
  truncated: 422,
  enrol_no_face: 422,
  enrol_several_faces: 422,
  enrol_face_too_small: 422,
  idempotency_key_reused: 422,
  password_weak: 422,
  rate_limited: 429,
  sign_in_throttled: 429,
  headers_too_large: 431,
  internal: 500,
  storage_full: 507,
};

const RETRY_AFTER_S: Readonly<Record<number, number>> = { 429: 5, 503: 2, 507: 60 };

/** What is said of the refusals of the web framework, by its status. */
const FRAMEWORK: Readonly<Record<number, readonly [code: string, hint: string]>> = {
  400: ["request_malformed", "Send well-formed HTTP with a body that is what its content type says."],
  408: ["request_timed_out", "Send the whole request sooner."],
  413: ["body_too_large", "Send less; the limits stand under `http` in the configuration."],
  414: ["url_too_long", "Send a shorter address."],
  415: [
    "media_type_unsupported",
    "Send one of the content types that `/api/openapi.json` lists for this route.",
  ],
  431: ["headers_too_large", "Send fewer or shorter headers; all together may have 16 KiB."],
  503: ["answer_timed_out", "The system is busy or stopping. Send the request again."],
};

/** An answer that is a problem, ready to be sent. */
export interface ProblemAnswer {
  readonly problem: Problem;
  /** For the `Retry-After` header, seconds. */
  readonly retryAfterS: number | undefined;
  /** True when nobody foresaw it: it belongs into the log with its stack, which the caller never sees. */
  readonly isFault: boolean;
}

/** What the caller is told of anything thrown. @param requestId UUID of the request */
export function problemOf(error: unknown, requestId: string): ProblemAnswer {
  const known = asKnown(error);
  const status = STATUS[known.code] ?? statusOf(known);
  const isFault = status === 500;
  const { retryAfterS, errors } = known as Partial<HttpError>;
  return {
    problem: {
      type: `urn:problem-type:doorbell:${known.code}`,
      title: titleOf(known.code),
      status,
      detail: isFault ? "the request failed through a fault of the program" : known.message,
      code: known.code,
      hint: known.hint,
      instance: `urn:uuid:${requestId}`,
      ...(errors && { errors: [...errors] }),
    },
    retryAfterS: retryAfterS ?? RETRY_AFTER_S[status],
    isFault,
  };
}

function statusOf(error: DoorbellError): number {
  if (error.retryable) return 503;
  return error instanceof HttpError ? 400 : 500;
}

/** What the framework throws, as far as it is looked at. */
interface FrameworkError {
  readonly statusCode?: number;
  readonly message?: string;
  readonly validationContext?: string;
  readonly validation?: readonly FrameworkIssue[];
}

interface FrameworkIssue {
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: { readonly keys?: unknown };
}

function asKnown(error: unknown): DoorbellError {
  if (error instanceof DoorbellError) return error;
  const { statusCode = 500, validation, validationContext, message = "" } = (error ?? {}) as FrameworkError;
  if (validation) return invalidRequest(validationContext, validation);
  const said = FRAMEWORK[statusCode] ?? (statusCode < 500 ? FRAMEWORK[400] : undefined);
  if (said)
    return new HttpError(message.toLowerCase(), {
      code: said[0],
      hint: said[1],
      retryable: statusCode === 503,
    });
  return new HttpError("answer request: unforeseen", {
    code: "internal",
    hint: "Look for the instance of this problem in the log and report what it says.",
    cause: error,
  });
}

const MOST_ERRORS = 20;
const CONTEXT: Readonly<Record<string, string>> = { querystring: "query" };

function invalidRequest(context = "body", issues: readonly FrameworkIssue[]): HttpError {
  const place = CONTEXT[context] ?? context;
  const errors = issues.slice(0, MOST_ERRORS).map((issue) => ({
    in: place,
    field: fieldOf(issue),
    detail: (issue.message ?? "is wrong").slice(0, 300),
  }));
  const first = errors[0];
  return new HttpError(`read ${place}: ${first?.field || "all of it"}: ${first?.detail}`, {
    code: "request_invalid",
    hint: "Correct the fields named under `errors`; `/api/openapi.json` says what they take.",
    errors,
  });
}

function fieldOf({ instancePath = "", params }: FrameworkIssue): string {
  const unknownKey = Array.isArray(params?.keys) ? String(params.keys[0]) : undefined;
  const path = instancePath.split("/").filter((part) => part !== "");
  return [...path, ...(unknownKey === undefined ? [] : [unknownKey])].join(".").slice(0, 200);
}

function titleOf(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
