import { DoorbellError } from "../../lib/errors.ts";

/**
 * The face engine cannot work. Codes: `engine_unavailable` (the native library does not load),
 * `graphs_unavailable` (the nets could not be converted or read).
 */
export class RecognitionError extends DoorbellError {}
