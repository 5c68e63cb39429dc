import { messageOf } from "../../../lib/errors.ts";
import { asMessage, type FromChild, type ToChild } from "./messages.ts";

/** Why a process is asked to stop. `orphaned`: the supervisor is gone and nobody would restart this process. */
export type StopReason = "supervisor" | "signal" | "orphaned";

/** What a process does when it is told to. */
export interface ChildHandlers {
  readonly role: string;
  /** Stops in order. Called once. When it has settled, nothing must hold the process any more. */
  onStop(reason: StopReason): Promise<void>;
  /** Reads its configuration again and says in a sentence what changed; a throw is reported as a refusal. */
  onReload(): Promise<string>;
  /** The supervisor is gone. Default: `onStop("orphaned")`. */
  onOrphaned?(): void;
}

/** A process's line to its supervisor. Without one (a container, a test) it is the same and says nothing. */
export interface SupervisorLink {
  /** Unique among the processes of a release, such as `worker-2`; the role where nobody gave a name. */
  readonly instance: string;
  /** The release, which is the lane of its work; undefined where nobody gave one. */
  readonly release: string | undefined;
  /** The inherited listening socket, for `server.listen({ fd })`; undefined where there is none. */
  readonly descriptor: number | undefined;
  /** Says that this process does its work from now on. */
  ready(): void;
}

/**
 * Connects this process to the supervisor that started it, answers its questions and takes SIGTERM and SIGINT
 * (also as PID 1, for which the kernel has no default). Call it before anything slow. A second SIGINT, from
 * someone who will not wait, ends the process at once.
 */
export function connectToSupervisor(handlers: ChildHandlers): SupervisorLink {
  const supervised = process.send !== undefined;
  let stopping = false;

  // A failed send means that the supervisor is gone, which "disconnect" tells.
  const send = (message: FromChild) => process.connected && process.send?.(message, () => {});

  async function stop(reason: StopReason): Promise<void> {
    if (stopping) return;
    stopping = true;
    try {
      await handlers.onStop(reason);
    } catch (error) {
      console.error(`doorbell: stop ${handlers.role}: ${messageOf(error)}`);
      process.exitCode = 1;
    }
    if (process.connected) process.disconnect();
  }

  async function reload(id: number): Promise<void> {
    try {
      send({ type: "reloaded", id, ok: true, detail: await handlers.onReload() });
    } catch (error) {
      send({ type: "reloaded", id, ok: false, detail: messageOf(error) });
    }
  }

  function orphaned(): void {
    if (stopping) return;
    if (handlers.onOrphaned) handlers.onOrphaned();
    else void stop("orphaned");
  }

  process.on("SIGTERM", () => void stop("signal"));
  process.once("SIGINT", () => void stop("signal"));
  if (supervised) {
    process.on("message", (received) => {
      const message = asMessage<ToChild>(received);
      if (message?.type === "ping") send({ type: "pong" });
      else if (message?.type === "stop") void stop("supervisor");
      else if (message?.type === "reload") void reload(message.id);
    });
    process.once("disconnect", orphaned);
    if (!process.connected) queueMicrotask(orphaned);
  }

  const descriptor = process.env.DOORBELL_LISTEN_FD;
  return {
    instance: process.env.DOORBELL_INSTANCE ?? handlers.role,
    release: process.env.DOORBELL_RELEASE,
    descriptor: descriptor === undefined ? undefined : Number(descriptor),
    ready: () => void send({ type: "ready" }),
  };
}
