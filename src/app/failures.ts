import type { Logger } from "pino";
import { errorType } from "../monitoring/metrics/error-type.ts";
import type { ErrorType } from "../monitoring/metrics/label-values.ts";

/** `warning`: dealt with, such as by a retry; `error`: an act was lost; `critical`: a part ended. */
export type Severity = "warning" | "error" | "critical";

/** The counter of errors as far as one process feeds it. */
interface ErrorsTotal<C extends string> {
  inc(labels: { readonly component: C; readonly error_type: ErrorType; readonly severity: Severity }): void;
}

/** Logs an error of a component and counts it. */
export type Failed<C extends string> = (
  component: C,
  doing: string,
  error: unknown,
  severity?: Severity,
  /** A log whose lines bear the visit. */
  to?: Logger,
) => void;

/** Creates the one place where a process tells of its errors. */
export function failures<C extends string>(log: Logger, errorsTotal: ErrorsTotal<C>): Failed<C> {
  return (component, doing, error, severity = "warning", to = log) => {
    errorsTotal.inc({ component, error_type: errorType(error), severity });
    to[severity === "warning" ? "warn" : "error"]({ err: error }, doing);
  };
}
