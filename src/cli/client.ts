import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { backoffMs } from "../lib/backoff.ts";
import { CliError, usageError } from "./exit.ts";

/**
 * Where the system is: its socket on this machine (the local operator is trusted), or an address. While the
 * supervisor listens at its own socket, a system that does not is starting, and is waited for.
 */
export type Target =
  | { readonly socket: string; readonly supervisor?: string }
  | { readonly url: string; readonly token?: string | undefined };

/** One call of the HTTP interface. */
export interface Call {
  /** Default `GET`. Every other method but `HEAD` is an act, whose outcome can be unknown. */
  readonly method?: string;
  /** Path and query, such as `/api/visits?limit=5`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly bytes?: { readonly type: string; readonly data: Uint8Array };
  /** Such as `Idempotency-Key`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** True to fail at once where the system is starting. Default false. */
  readonly isUrgent?: boolean;
}

/** Calls the running system. */
export interface Client {
  /**
   * The JSON of the answer; `undefined` when it is empty.
   * @throws CliError `refused` with the system's own reason and hint; `failed` when it cannot be reached;
   * `unknown` when an act was sent and the connection broke before the answer
   */
  send(call: Call): Promise<unknown>;
  /** The answer as a stream, such as server-sent events. @throws CliError as `send` */
  open(call: Call): Promise<IncomingMessage>;
}

/** How long the system may say nothing before an answer, ms. */
const TIMEOUT_MS = 30_000;
/** Most of an error's body that is read, bytes. */
const MAX_PROBLEM = 64 * 1024;
/** How often a call is tried while the system starts, and the waits between: some five seconds in all. */
const TRIES = 6;
const WAITS = { firstMs: 200, maxMs: 5_000 };

/** Creates a `Client`. @throws CliError when the address is none */
export function createClient(target: Target, signal: AbortSignal): Client {
  const place = placeOf(target);
  const supervisor = "socket" in target ? target.supervisor : undefined;
  let failures = 0; // Over all calls: who has waited in vain does not wait again.
  const patiently = async (call: Call): Promise<IncomingMessage> => {
    try {
      const answer = await exchange(place, call, signal);
      failures = 0;
      return answer;
    } catch (error) {
      if (call.isUrgent || !supervisor || !(error instanceof CliError) || error.code !== "not_running")
        throw error;
      failures += 1;
      if (failures >= TRIES || !(await isListening(supervisor))) throw error;
      await wait(backoffMs(WAITS, failures), undefined, { signal }).catch(() => {});
      return patiently(call);
    }
  };
  const open = async (call: Call): Promise<IncomingMessage> => {
    const answer = await patiently(call);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw problemError(status, await readAll(answer, MAX_PROBLEM).catch(() => ""), isAct(call));
  };
  return {
    open: async (call) => {
      const answer = await open(call);
      answer.setTimeout(0); // A stream may be silent for as long as it likes.
      return answer;
    },
    send: async (call) => {
      const answer = await open(call);
      const text = await readAll(answer).catch(() => Promise.reject(cut(place, isAct(call))));
      try {
        return text === "" ? undefined : (JSON.parse(text) as unknown);
      } catch {
        throw failure(
          "answer_unreadable",
          `read the answer of ${place.name}: not JSON`,
          "Is it a doorbell system that answers there?",
        );
      }
    },
  };
}

interface Place {
  /** For messages: without credentials. */
  readonly name: string;
  readonly options: RequestOptions;
  readonly secure: boolean;
  readonly prefix: string;
}

function placeOf(target: Target): Place {
  if ("socket" in target)
    return { name: target.socket, options: { socketPath: target.socket }, secure: false, prefix: "" };
  const url = URL.parse(target.url);
  if (!url || !/^https?:$/.test(url.protocol))
    throw usageError("read the address: not a URL", "Give one such as https://door.example:5000.");
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    headers: target.token ? { authorization: `Bearer ${target.token}` } : {},
  };
  return {
    name: url.origin,
    options,
    secure: url.protocol === "https:",
    prefix: url.pathname.replace(/\/$/, ""),
  };
}

function isAct({ method = "GET" }: Call): boolean {
  return method !== "GET" && method !== "HEAD";
}

function exchange(place: Place, call: Call, signal: AbortSignal): Promise<IncomingMessage> {
  const { method = "GET", path, json, bytes, headers } = call;
  const body = bytes?.data ?? (json === undefined ? undefined : Buffer.from(JSON.stringify(json)));
  const sent = body && { "content-type": bytes?.type ?? "application/json", "content-length": body.length };
  const options: RequestOptions = {
    ...place.options,
    method,
    path: place.prefix + path,
    headers: { accept: "application/json", ...place.options.headers, ...sent, ...headers },
    agent: false,
    timeout: TIMEOUT_MS,
    signal,
  };
  return new Promise((resolve, reject) => {
    const outgoing = (place.secure ? httpsRequest : httpRequest)(options, resolve);
    outgoing.on("timeout", () => outgoing.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" })));
    // Until the last byte of the request is out, the system cannot have acted on it.
    outgoing.on("error", (error) =>
      reject(outgoing.writableFinished ? cut(place, isAct(call)) : unreachable(place, error)),
    );
    outgoing.end(body);
  });
}

/** Whether anybody takes connections at a socket; its file alone may be a dead one's. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function readAll(answer: IncomingMessage, limit = Number.POSITIVE_INFINITY): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) break;
  }
  return Buffer.concat(chunks).toString();
}

function failure(code: string, message: string, hint: string): CliError {
  return new CliError(message, { code, hint, exit: "failed", retryable: true });
}

function unreachable({ name, options }: Place, error: NodeJS.ErrnoException): CliError {
  const code = error.code ?? error.message;
  const local = options.socketPath !== undefined;
  if (code === "ECONNREFUSED" || (local && code === "ENOENT")) {
    const hint = local
      ? "Start it with: doorbell up. On another machine, name it with --url."
      : "Start it there, or mend the address.";
    return failure("not_running", `reach the doorbell system: nothing listens at ${name}`, hint);
  }
  if (code === "EPIPE" || code === "ECONNRESET") {
    const hint = "Nothing was done. Try again; a large photo may be more than the system takes.";
    return failure("connection_cut", `send the request to ${name}: the connection broke`, hint);
  }
  if (code === "ABORT_ERR")
    return failure("stopped", "stopped before the request was sent", "Nothing was done.");
  const hint =
    code === "EACCES"
      ? "Run the command as the user that the system runs as."
      : "Check the address and the network.";
  return failure("unreachable", `reach the doorbell system at ${name}: ${code}`, hint);
}

function cut({ name }: Place, act: boolean): CliError {
  if (!act)
    return failure("connection_cut", `read the answer of ${name}: the connection broke`, "Try again.");
  const message = `read the answer of ${name}: the connection broke after the request was sent`;
  const hint = "It may have been done or not: look before you repeat it.";
  return new CliError(message, { code: "outcome_unknown", hint, exit: "unknown" });
}

/** What a gateway says when the system behind it did not answer. */
const GATEWAY = new Set([502, 504]);

function problemError(status: number, body: string, act: boolean): CliError {
  const problem = parseProblem(body);
  const message = problem.detail ?? problem.title ?? `the system answered with status ${status}`;
  const code = problem.code ?? `http_${status}`;
  const hint =
    problem.hint ??
    (status === 401 ? "Give a token with --token or DOORBELL_TOKEN." : "Look into the system's log.");
  const gateway = GATEWAY.has(status);
  const exit = act && gateway ? "unknown" : status >= 400 && status < 500 ? "refused" : "failed";
  const retryable = status === 429 || status === 503 || (gateway && !act);
  return new CliError(message, { code, hint, exit, retryable });
}

/** The texts of a problem (RFC 9457, with our `code` and `hint`); none when it is something else. */
function parseProblem(body: string): { [part in "title" | "detail" | "code" | "hint"]?: string } {
  try {
    const parsed: unknown = JSON.parse(body);
    const texts = Object.entries(parsed ?? {}).filter(([, text]) => typeof text === "string" && text !== "");
    return Object.fromEntries(texts);
  } catch {
    return {};
  }
}
