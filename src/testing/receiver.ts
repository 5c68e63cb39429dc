import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { verifyWebhook } from "../notifications/channels/webhook-signature.ts";

/** What a receiver has seen of one delivery. */
export interface Received {
  readonly visitId: string;
  readonly title: string;
  /** How often it came. */
  times: number;
}

/** A receiver of webhooks that keeps books, as one of the household's would. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** By `Doorbell-Id`. */
  readonly deliveries: ReadonlyMap<string, Received>;
  /** Requests that did not bear our signature. */
  readonly forged: number;
}

/** Listens on a free port of this machine. @param secret of the signature */
export async function startReceiver(secret: string): Promise<Receiver> {
  const deliveries = new Map<string, Received>();
  let forged = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const verdict = verifyWebhook(secret, { headers: request.headers, body }, { now: Date.now() });
      if (verdict === "valid") note(String(request.headers["doorbell-id"]), body);
      else forged += 1;
      response.writeHead(verdict === "valid" ? 204 : 401).end();
    });
  });
  function note(id: string, body: Buffer): void {
    const { title, visit } = JSON.parse(body.toString()) as { title: string; visit?: { id: string } };
    const known = deliveries.get(id);
    if (known) known.times += 1;
    else deliveries.set(id, { visitId: visit?.id ?? "", title, times: 1 });
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    deliveries,
    get forged() {
      return forged;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
