/**
 * Load from a process of its own: `node load-client.ts JSON`. Keeps `connections` sockets open, each sending
 * the next request when the answer before it has come (HTTP/1.1, written out by hand: a general client would
 * cost more than the server that is measured). Sends one report to its parent by IPC at the end.
 */
import { connect } from "node:net";

/** What to send. */
export interface LoadOrder {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly durationMs: number;
}

/** What came of it. */
export interface LoadReport {
  /** Status code -> how many. `0` stands for a broken connection. */
  readonly statuses: Record<string, number>;
  /** Sorted, ms. */
  readonly latenciesMs: number[];
  /** `visitId` of every 202. */
  readonly visitIds: string[];
  readonly elapsedMs: number;
}

const HEAD_END = Buffer.from("\r\n\r\n");

async function run(order: LoadOrder): Promise<LoadReport> {
  const statuses: Record<string, number> = {};
  const latenciesMs: number[] = [];
  const visitIds: string[] = [];
  const began = performance.now();
  const until = began + order.durationMs;
  const request = requestOf(order);
  const note = (status: string, since: number): void => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    latenciesMs.push(performance.now() - since);
  };

  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(order.port, "127.0.0.1").setNoDelay();
      let sentAt = 0;
      const send = (): void => {
        sentAt = performance.now() < until ? performance.now() : 0;
        if (sentAt > 0) socket.write(request);
        else socket.end();
      };
      socket.on("connect", send);
      socket.on(
        "data",
        answerReader((status, body) => {
          note(status, sentAt);
          if (status === "202") visitIds.push((JSON.parse(body) as { visitId: string }).visitId);
          send();
        }),
      );
      socket.on("error", () => {});
      socket.on("close", () => {
        if (sentAt > 0) note("0", sentAt);
        resolve();
      });
    });
  await Promise.all(Array.from({ length: order.connections }, one));
  latenciesMs.sort((a, b) => a - b);
  return { statuses, latenciesMs, visitIds, elapsedMs: performance.now() - began };
}

function requestOf({ path, headers }: LoadOrder): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 2\r\n${lines.join("")}\r\n{}`,
  );
}

/** Cuts answers with a Content-Length out of a stream in which one follows the other. */
function answerReader(onAnswer: (status: string, body: string) => void): (chunk: Buffer) => void {
  let buffered: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  return (chunk) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    const headEnd = buffered.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = buffered.toString("latin1", 0, headEnd);
    const bodyAt = headEnd + HEAD_END.length;
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (buffered.length < bodyAt + length) return;
    const body = buffered.toString("utf8", bodyAt, bodyAt + length);
    buffered = Buffer.alloc(0);
    onAnswer(head.slice(9, 12), body);
  };
}

const report = await run(JSON.parse(process.argv[2] ?? "{}") as LoadOrder);
process.send?.(report, () => process.disconnect());
