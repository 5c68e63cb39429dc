/** The processes of the system; each feeds its own metrics. */
export type Role = "web" | "worker" | "ops" | "supervisor";

/** The stages of the pipeline, in the order in which a visit passes them. */
export const STAGES = ["capture", "detect", "recognise", "decide", "record", "notify"] as const;

/** What the pipeline counts: a press taken in, a run of a stage, and a job (a visit, an enrolment) as a whole. */
export const PRESS_EVENTS = ["press"] as const;
/** The rest of them: all that is done for a press or a photo once it is taken in. */
export const WORK_EVENTS = [...STAGES, "visit", "enrol"] as const;

/**
 * How an attempt ended: `success`; `retry`, failed and will be tried again; `failure`, failed for good, or in
 * this run of a stage; `skipped`, there was no need (a press that is debounced or repeats itself, a delivery
 * held back by the rate limit).
 */
export const STATUSES = ["success", "retry", "failure", "skipped"] as const;

/** The queues of work: each kind of job, and the deliveries. */
export const QUEUES = ["visit", "enrol", "outbox"] as const;

/** What works a queue off: `pipeline` the jobs, `delivery` the outbox. */
export const WORKER_TYPES = ["pipeline", "delivery"] as const;

/** What recognition can say of a visit that has a picture. */
export const RECOGNITION_RESULTS = ["known", "unknown", "watchlisted", "no_face"] as const;

/** See `confidenceBucket`. */
export const CONFIDENCE_BUCKETS = ["high", "medium", "low", "none"] as const;
/** One of `CONFIDENCE_BUCKETS`. */
export type ConfidenceBucket = (typeof CONFIDENCE_BUCKETS)[number];

/** What the accuracy is measured from: the household's corrections, or people with two photos or more. */
export const ACCURACY_SOURCES = ["corrections", "leave_one_out"] as const;

/** Through what a visit began; the synthetic person is outside statistics. */
export const TRIGGER_SOURCES = ["http", "cli", "page"] as const;

/** Kinds of notification channel. */
export const CHANNELS = ["webhook", "email", "log"] as const;

/** Why a notification was sent; `self_test` is the daily test of its channel. */
export const NOTIFICATION_TYPES = ["visit", "alert", "self_test"] as const;

/** See `errorType`. */
export const ERROR_TYPES = ["timeout", "unavailable", "storage", "invalid", "unexpected"] as const;
/** One of `ERROR_TYPES`. */
export type ErrorType = (typeof ERROR_TYPES)[number];

/** `warning`: dealt with, such as by a retry; `error`: an act was lost; `critical`: a process or a part ended. */
export const SEVERITIES = ["warning", "error", "critical"] as const;

/** What may be an attack; whether it alerts is the matter of a rule. */
export const SECURITY_EVENTS = [
  "sign_in_failed",
  "sign_in_throttled",
  "token_rejected",
  "setup_link_rejected",
  "cross_origin_request",
] as const;

/** Where they came from. */
export const SECURITY_SOURCES = ["network", "local"] as const;

/** What was done against it. */
export const SECURITY_ACTIONS = ["refused", "delayed"] as const;

/** Methods of HTTP told apart; see `methodLabel`. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"] as const;

/** Classes of HTTP status; see `statusClass`. */
export const STATUS_CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/**
 * How near the nearest known person was, whatever was decided: `high` within 80 % of the distance at which
 * faces match, `medium` within it, `low` up to 20 % beyond it (a near miss), `none` farther or no face at all.
 * @param distance Euclidean distance to the nearest person, or undefined without a face or a gallery
 * @param threshold the distance up to which faces match
 */
export function confidenceBucket(distance: number | undefined, threshold: number): ConfidenceBucket {
  if (distance === undefined || !(distance <= threshold * 1.2)) return "none";
  if (distance > threshold) return "low";
  return distance > threshold * 0.8 ? "medium" : "high";
}

/** The `method` label of a request. */
export function methodLabel(method: string): (typeof METHODS)[number] {
  return METHODS.find((known) => known === method) ?? "other";
}

/** The `status_class` label of a response. @param status from 100 to 599 */
export function statusClass(status: number): (typeof STATUS_CLASSES)[number] {
  return STATUS_CLASSES[Math.floor(status / 100) - 1] ?? "5xx";
}
