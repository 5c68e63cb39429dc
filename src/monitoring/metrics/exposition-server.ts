import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, ListenOptions } from "node:net";

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A server that is up. */
export interface ExpositionServer {
  /** The TCP port, or undefined on a UNIX socket. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

/**
 * Answers `GET /metrics` in Prometheus' text format.
 * @param listen a path, an address or an inherited descriptor
 * @param refusal the status with which a request is refused, if it is
 */
export async function serveExposition(
  listen: ListenOptions | { readonly fd: number },
  exposition: () => Promise<string>,
  refusal: (request: IncomingMessage) => 401 | 403 | undefined = () => undefined,
): Promise<ExpositionServer> {
  const server = createServer(async (request, response) => {
    const status = refusal(request) ?? unlessScrape(request);
    if (status) response.writeHead(status, status === 401 ? { "www-authenticate": "Bearer" } : {}).end();
    else {
      const text = await exposition().catch(() => undefined);
      response.writeHead(text === undefined ? 500 : 200, { "content-type": CONTENT_TYPE }).end(text);
    }
  });
  server.listen(listen);
  await once(server, "listening");
  const address = server.address();
  return {
    port: (address as AddressInfo | null)?.port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function unlessScrape({ url, method }: IncomingMessage): 404 | 405 | undefined {
  if (url?.split("?")[0] !== "/metrics") return 404;
  return method === "GET" || method === "HEAD" ? undefined : 405;
}
