import { DoorbellError } from "../../lib/errors.ts";
import type { ErrorType } from "./label-values.ts";

const STORAGE = /^(ENOSPC|EDQUOT|EROFS|EIO|EMFILE|ENFILE|ERR_SQLITE_ERROR|storage_\w+)$/;
const UNAVAILABLE = /^(ECONN\w+|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EPIPE|EAI_\w+|UND_ERR_SOCKET)$/;
const TIMEOUT = /^(ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_\w*TIMEOUT|\w+_timeout)$/;

/**
 * The `error_type` of anything thrown, found in the error or in what caused it: `timeout`; `unavailable`,
 * another machine or service did not answer; `storage`, the disk or the database; `invalid`, one of our own
 * errors that no retry mends; `unexpected`, a fault of the program.
 */
export function errorType(error: unknown): ErrorType {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const found = byName(at);
    if (found) return found;
  }
  if (!(error instanceof DoorbellError)) return "unexpected";
  return error.retryable ? "unavailable" : "invalid";
}

function byName(error: Error): ErrorType | undefined {
  if (error.name === "TimeoutError") return "timeout";
  const code = String((error as NodeJS.ErrnoException).code ?? "");
  if (TIMEOUT.test(code)) return "timeout";
  if (STORAGE.test(code)) return "storage";
  return UNAVAILABLE.test(code) ? "unavailable" : undefined;
}
