import type { Socket } from "node:net";
import { DoorbellError, messageOf } from "../../../lib/errors.ts";
import type { ReloadAnswer } from "./child.ts";
import type { Address } from "./listening.ts";
import type { ProcessState, Role } from "./process-plan.ts";
import { SupervisorError } from "./supervisor-error.ts";

/** Version of the control protocol. Each request names it; a later supervisor understands the one before. */
export const CONTROL_VERSION = 1;

/** One process, as `status` shows it. */
export interface ProcessStatus {
  readonly name: string;
  readonly role: Role;
  readonly status: ProcessState["status"];
  /** False while it is on its way out. */
  readonly wanted: boolean;
  /** Absent while none runs. */
  readonly pid?: number;
  /** How long in this status, ms. */
  readonly forMs: number;
  /** Until it is tried again, ms; while backing off or in a crash loop. */
  readonly retryInMs?: number;
  /** Restarts that nobody asked for. */
  readonly restarts: number;
  /** How its latest life ended, such as `signal SIGKILL`. */
  readonly lastExit?: string;
}

/** The supervisor and its processes, as `status` shows them. */
export interface SupervisorStatus {
  readonly pid: number;
  readonly phase: "starting" | "running" | "stopping" | "stopped";
  readonly release: string;
  /** Where `web` listens; absent before the socket is bound. */
  readonly public?: Address | undefined;
  /** Where `ops` answers `/metrics`; absent before the socket is bound. */
  readonly metrics?: Address | undefined;
  readonly processes: readonly ProcessStatus[];
}

/** What can be asked of the supervisor: the methods of the control protocol. */
export interface Controlled {
  status(): SupervisorStatus;
  /**
   * Stops one process, or `all`, and starts it again: of all, `ops` first, and the others when it is ready.
   * Answers at once. @throws SupervisorError `unknown_process`
   */
  restart(process: string): { restarting: string[] };
  /** Has every process read its configuration again. Their answers by name. */
  reload(): Promise<Record<string, ReloadAnswer>>;
  /** Sets how many workers are wanted, 0 to 64. Answers at once. @throws SupervisorError `bad_params`, `not_running` */
  scale(workers: number): { workers: number };
  /** Stops everything. Over the socket it answers at once, `{stopping: true}`. */
  stop(): Promise<void>;
}

/** The answer, one line of JSON, to the request `{v, id, method, params}`. `id` is null where it had none. */
export type ControlAnswer = { readonly v: number; readonly id: string | number | null } & (
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint: string } }
);

/** Longest request line, characters. */
const MAX_LINE = 65_536;

/** Answers the requests of one connection, one after the other. For `serveUnix`. */
export async function serveControl(socket: Socket, controlled: Controlled): Promise<void> {
  let rest = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    // A line too long is refused without waiting for its end.
    const tooLong = rest.length > MAX_LINE;
    for (const line of tooLong ? [...lines, rest] : lines) {
      socket.write(`${JSON.stringify(await answer(line, controlled))}\n`);
    }
    if (tooLong) return;
  }
}

async function answer(line: string, controlled: Controlled): Promise<ControlAnswer> {
  const v = CONTROL_VERSION;
  let id: ControlAnswer["id"] = null;
  try {
    const request = parse(line);
    if (typeof request.id === "string" || typeof request.id === "number") id = request.id;
    if (request.v !== v)
      throw new SupervisorError("unsupported_version", `no such version: ${short(request.v)}`);
    return { v, id, result: await call(request, controlled) };
  } catch (error) {
    const { code, hint } =
      error instanceof DoorbellError ? error : { code: "internal", hint: "This is a defect." };
    return { v, id, error: { code, message: messageOf(error), hint } };
  }
}

interface Request {
  readonly v?: unknown;
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly process?: unknown; readonly workers?: unknown } | null;
}

function call({ method, params }: Request, controlled: Controlled): unknown {
  switch (method) {
    case "status":
      return controlled.status();
    case "restart":
      if (typeof params?.process === "string") return controlled.restart(params.process);
      throw new SupervisorError("bad_params", "restart: process must be a name, or all");
    case "reload":
      return controlled.reload();
    case "scale":
      if (typeof params?.workers === "number") return controlled.scale(params.workers);
      throw new SupervisorError("bad_params", "scale: workers must be a number");
    case "stop":
      // Answered now: later nobody is left to. A failure to stop is told to the owner of the supervisor.
      controlled.stop().catch(() => {});
      return { stopping: true };
    default:
      throw new SupervisorError("unknown_method", `no such method: ${short(method)}`);
  }
}

function parse(line: string): Request {
  if (line.length > MAX_LINE)
    throw new SupervisorError("bad_request", `line longer than ${MAX_LINE} characters`);
  try {
    const request: unknown = JSON.parse(line);
    if (typeof request === "object" && request !== null) return request;
  } catch {
    // As good as JSON of another shape.
  }
  throw new SupervisorError("bad_request", `not a JSON object: ${short(line)}`);
}

/** Something a stranger sent, short enough for a message. */
const short = (value: unknown): string => (JSON.stringify(value) ?? "none").slice(0, 80);
