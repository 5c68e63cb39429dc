import { connect } from "node:net";
import { DoorbellError, messageOf } from "../../../lib/errors.ts";
import { CONTROL_VERSION, type ControlAnswer, type Controlled } from "./control.ts";
import { SupervisorError } from "./supervisor-error.ts";

/** What each method takes. */
interface ControlParams {
  status: Record<string, never>;
  restart: { process: string };
  reload: Record<string, never>;
  scale: { workers: number };
  stop: Record<string, never>;
}

/** What a method answers over the socket. */
type ControlResult<M extends keyof Controlled> = M extends "stop"
  ? { stopping: true }
  : Awaited<ReturnType<Controlled[M]>>;

/**
 * Asks the supervisor one thing.
 * @param path the control socket: `runFolder(dataFolder).control`
 * @param timeoutMs for the whole exchange; a reload waits for every process
 * @throws DoorbellError as the supervisor refused it; SupervisorError `supervisor_not_running`, or
 *   `supervisor_silent` when no whole answer came in time
 */
export async function callSupervisor<M extends keyof Controlled>(
  path: string,
  method: M,
  params: ControlParams[M],
  timeoutMs = 20_000,
): Promise<ControlResult<M>> {
  const line = await exchange(path, JSON.stringify({ v: CONTROL_VERSION, id: 1, method, params }), timeoutMs);
  const answer = parse(line);
  if ("error" in answer) throw new DoorbellError(answer.error.message, answer.error);
  return answer.result as ControlResult<M>;
}

/** Sends one line and ends; answers all that comes back. */
function exchange(path: string, line: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(path).setEncoding("utf8");
    const timer = setTimeout(() => socket.destroy(silent(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.once("error", (error) =>
      reject(error instanceof DoorbellError ? error : unreachable(path, error)),
    );
    socket.once("close", () => {
      clearTimeout(timer);
      resolve(received);
    });
    socket.end(`${line}\n`);
  });
}

function parse(line: string): ControlAnswer {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw silent(messageOf(error));
  }
}

function unreachable(path: string, cause: Error): SupervisorError {
  return new SupervisorError("supervisor_not_running", `ask supervisor at ${path}: ${cause.message}`, cause);
}

function silent(why: string): SupervisorError {
  return new SupervisorError("supervisor_silent", `ask supervisor: ${why}`);
}
