import { DoorbellError } from "../../lib/errors.ts";

/** Metrics cannot be served as configured. */
export class MetricsError extends DoorbellError {}
