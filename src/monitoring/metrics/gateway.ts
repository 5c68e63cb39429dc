import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import { type LeftOut, mergeExpositions, type Part } from "./exposition.ts";
import { instanceLabel } from "./exposition-parser.ts";
import { type ExpositionServer, serveExposition } from "./exposition-server.ts";
import { metricsSockets } from "./local-endpoint.ts";

/** How the metrics of all processes are collected. */
export interface CollectOptions {
  /** The folder with every process's metrics socket. */
  readonly runFolder: string;
  /** How long one process may take, ms; 1,000 by default. */
  readonly timeoutMs?: number;
  /** Told of each scrape what was missing from it: a process that did not answer, or answered nonsense. */
  readonly onLeftOut?: (leftOut: readonly LeftOut[]) => void;
}

/** How the gateway is reached. */
export interface GatewayOptions extends CollectOptions {
  /** A descriptor that listens already, or an address. */
  readonly listen: { readonly fd: number } | { readonly host: string; readonly port: number };
  /** With it, every request must bring it as a bearer token; without it, only this machine may ask. */
  readonly token?: string | undefined;
}

/** A process that exposes more than this is left out, UTF-16 units. */
const LARGEST_PART = 16 * 1024 * 1024;

/** Serves `GET /metrics` with the metrics of every process on this machine, as `collectMetrics` gives them. */
export function startGateway({ listen, token, ...collect }: GatewayOptions): Promise<ExpositionServer> {
  const refusal = token === undefined ? unlessLocal : unlessBearer(token);
  return serveExposition(listen, () => collectMetrics(collect), refusal);
}

/**
 * Asks every process at the same time and joins the answers into one exposition, with `up{instance}`: 1 for
 * each that answered, 0 for each that is dead, slow or malformed. One of those costs its own part only.
 */
export async function collectMetrics(options: CollectOptions): Promise<string> {
  const { runFolder, timeoutMs = 1_000, onLeftOut = () => {} } = options;
  const sockets = metricsSockets((await readdir(runFolder)).sort());
  const answers = await Promise.all(
    sockets.map(({ file, instance }) => ask(join(runFolder, file), instance, timeoutMs)),
  );
  const merged = mergeExpositions(answers.filter((answer) => "text" in answer));
  const leftOut = [...answers.filter((answer) => "reason" in answer), ...merged.leftOut];
  if (leftOut.length > 0) onLeftOut(leftOut);

  const down = new Set(leftOut.filter(({ family }) => family === undefined).map(({ instance }) => instance));
  const up = answers.map(({ instance }) => `up{${instanceLabel(instance)}} ${down.has(instance) ? 0 : 1}\n`);
  return `${merged.text}# HELP up ${UP_HELP}\n# TYPE up gauge\n${up.join("")}`;
}

/** What the gateway's own metric `up` means. */
export const UP_HELP = "Whether the process answered this scrape (1) or not (0)";

async function ask(path: string, instance: string, timeoutMs: number): Promise<Part | LeftOut> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return { instance, text: await get(path, signal) };
  } catch (error) {
    return { instance, reason: signal.aborted ? `no answer within ${timeoutMs} ms` : messageOf(error) };
  }
}

async function get(socketPath: string, signal: AbortSignal): Promise<string> {
  const asked = request({ socketPath, path: "/metrics", signal, agent: false }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) {
    text += chunk;
    if (text.length > LARGEST_PART) throw new Error(`more than ${LARGEST_PART} letters`);
  }
  return text;
}

const LOOPBACK = /^(?:::1|(?:::ffff:)?127\.\d+\.\d+\.\d+)$/;

function unlessLocal({ socket }: IncomingMessage): 403 | undefined {
  return LOOPBACK.test(socket.remoteAddress ?? "") ? undefined : 403;
}

/** Compares digests, which are of one length, in a time that tells nothing of the token. */
function unlessBearer(token: string): (incoming: IncomingMessage) => 401 | undefined {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return ({ headers }) => (timingSafeEqual(digest(headers.authorization ?? ""), expected) ? undefined : 401);
}
