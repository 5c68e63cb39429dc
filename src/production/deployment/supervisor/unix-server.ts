import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";

/** Connections at one time to one of the supervisor's sockets. */
const MAX_CONNECTIONS = 32;
/** A connection that is silent so long is cut, ms. */
const IDLE_MS = 60_000;

/** A server on a UNIX socket that only this user can open. */
export interface UnixServer {
  /** Stops listening and ends every connection, after what was written to it. */
  close(): Promise<void>;
}

/**
 * Serves a UNIX socket. Only the holder of the run folder's lock may: a socket file that is there is a dead
 * one's. Whatever a connection fails with ends that connection and nothing else.
 */
export async function serveUnix(path: string, serve: (socket: Socket) => Promise<void>): Promise<UnixServer> {
  const sockets = new Set<Socket>();
  // Half open: who ends its side after the question still gets the answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.setEncoding("utf8").setTimeout(IDLE_MS, () => socket.destroy());
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    serve(socket).then(
      () => socket.destroySoon(),
      () => socket.destroy(),
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, "listening");
  server.on("error", () => {});
  chmodSync(path, 0o600);
  return {
    close() {
      for (const socket of sockets) socket.destroySoon();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}
