import { EventEmitter, once } from "node:events";
import http from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import { manualClock } from "../../lib/clock.ts";
import type { Behaviour } from "../channel.contract.ts";
import type { Channel } from "../channel.ts";
import { webhookChannel, webhookSettings } from "./webhook.ts";
import type { ReceivedWebhook } from "./webhook-signature.ts";

/** What the receiver checks signatures with. */
export const SECRET = "correct horse battery staple";

type Answer = (response: http.ServerResponse) => void;
const answers: Record<Behaviour, Answer> = {
  accept: (response) => response.writeHead(204).end(),
  busy: (response) => response.writeHead(429, { "retry-after": "17" }).end("slow down"),
  fail: (response) => response.writeHead(503).end("broken"),
  refuse: (response) => response.writeHead(404).end("no such hook"),
  hang: () => {},
  reset: (response) => response.socket!.resetAndDestroy(),
  rubbish: (response) => response.socket!.end("SSH-2.0-OpenSSH_9.2\r\n"),
};

/** A real HTTP server that keeps what it gets, and the channel to it. */
export async function webhookReceiver(
  options: { name?: string; settings?: object; lookup?: LookupFunction } = {},
) {
  const clock = manualClock();
  let answer = answers.accept;
  const requests: (ReceivedWebhook & { accepted: boolean; url: string })[] = [];
  const arrivals = new EventEmitter();
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    requests.push({ headers: request.headers, url: request.url!, body, accepted: answer === answers.accept });
    answer(response);
    arrivals.emit("request");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = options.lookup ? "receiver.example" : "127.0.0.1";
  const url = `http://${host}:${(server.address() as AddressInfo).port}/hook/s3cret-path`;
  const settings = webhookSettings.parse({
    kind: "webhook",
    url,
    secret: "env:X",
    insecure: true,
    ...options.settings,
  });
  const channel: Channel = webhookChannel(options.name ?? "phone", settings, {
    clock,
    resolveSecret: async () => SECRET,
    ...(options.lookup && { lookup: options.lookup }),
  });
  return {
    channel,
    clock,
    url,
    requests,
    received: () =>
      requests.filter(({ accepted }) => accepted).map(({ headers }) => String(headers["doorbell-id"])),
    calls: () => requests.length,
    /** Resolves when it has been called so often. */
    async called(times: number) {
      while (requests.length < times) await once(arrivals, "request");
    },
    behave: (as: Behaviour) => {
      answer = answers[as];
    },
    answerWith: (own: Answer) => {
      answer = own;
    },
    secrets: [SECRET, "s3cret-path", "Anna"],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
