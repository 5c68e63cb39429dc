import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { HttpError, PROBLEM_TYPE, problemOf } from "./problem.ts";

/** Answers what is not HTTP, or came too slowly, and closes the connection: there is no request to reply to. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const { problem } = problemOf(refusalOf(error.code), randomUUID());
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}

function refusalOf(code: string | undefined): HttpError {
  if (code === "HPE_HEADER_OVERFLOW") {
    return new HttpError("read request: its headers are too large", {
      code: "headers_too_large",
      hint: "Send fewer or shorter headers; all together may have 16 KiB.",
    });
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new HttpError("read request: it did not arrive in time", {
      code: "request_timed_out",
      hint: "Send the whole request sooner.",
    });
  }
  return new HttpError("read request: it is not HTTP", {
    code: "request_malformed",
    hint: "Send well-formed HTTP/1.1. TLS is not spoken on this port.",
  });
}
