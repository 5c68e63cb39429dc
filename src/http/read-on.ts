import type { IncomingMessage } from "node:http";

/** How long a sender is listened to whose body is refused, ms; and how much of it is read, bytes. */
const PATIENCE_MS = 2_000;
const MOST_BYTES = 128 * 1024 * 1024;

/**
 * Reads on and throws away what a refused request still sends: a connection closed while its client sends is
 * reset by the kernel, and the client would never read why (RFC 9112, 9.6). Bounded in time and bytes.
 */
export async function readOn(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  let read = 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.on("data", (chunk: Uint8Array) => {
      read += chunk.length;
      if (read > MOST_BYTES) done();
    });
    request.once("end", done);
    request.once("close", done);
    request.resume();
  });
}
