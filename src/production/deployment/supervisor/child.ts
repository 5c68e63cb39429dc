import { type ChildProcess, spawn } from "node:child_process";
import { messageOf } from "../../../lib/errors.ts";
import { asMessage, type FromChild, type ToChild } from "./messages.ts";
import { killHard } from "./proc.ts";

/** How a child is started. */
export interface ChildSpec {
  /** Arguments of Node: the program's entry, the role, what else it wants. */
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** The listening socket it gets as descriptor 3; undefined for none. */
  readonly fd: number | undefined;
  /** Throws its output away instead of passing it to our own. */
  readonly quiet: boolean;
}

/** How long a child may take. */
export interface ChildTiming {
  /** Between two pings, ms. */
  readonly pingEveryMs: number;
  /** A child that has left so much time's pings unanswered hangs, ms. Inference may block it for seconds. */
  readonly hungAfterMs: number;
  /** From the start until it says that it is ready, ms. `ops` may be migrating. */
  readonly readyWithinMs: number;
  /** From being asked to stop until it is killed, ms. After half of it SIGTERM says it again. */
  readonly stopWithinMs: number;
  /** For the answer to a reload, ms. */
  readonly reloadWithinMs: number;
}

/** Ping every 5 s, hung after 30 s, ready within 10 min, stopped within 15 s, reloaded within 10 s. */
export const defaultChildTiming: ChildTiming = {
  pingEveryMs: 5_000,
  hungAfterMs: 30_000,
  readyWithinMs: 600_000,
  stopWithinMs: 15_000,
  reloadWithinMs: 10_000,
};

/** What becomes of a child; `exited` comes once and last. */
export interface ChildEvents {
  ready(): void;
  /** @param reason such as `exit code 1`, `signal SIGSEGV`, `hung: ...` */
  exited(reason: string): void;
}

/** What a child made of a reload. */
export interface ReloadAnswer {
  readonly outcome: "reloaded" | "refused" | "no_answer";
  readonly detail: string;
}

/** One running process. */
export interface Child {
  /** Undefined when it could not even be started. */
  readonly pid: number | undefined;
  /** Asks it to stop, and sees to it that it does. */
  stop(): void;
  /** Has it read its configuration again. Never rejects. */
  reload(): Promise<ReloadAnswer>;
}

/**
 * Starts a process and watches over it. It leads a process group of its own: Ctrl-C in a terminal reaches the
 * supervisor alone, which then stops all in order, and a killed child takes its own children along.
 */
export function startChild(spec: ChildSpec, timing: ChildTiming, events: ChildEvents): Child {
  const out = spec.quiet ? "ignore" : "inherit";
  const child = spawn(process.execPath, spec.args, {
    stdio: ["ignore", out, out, spec.fd ?? "ignore", "ipc"],
    env: spec.env,
    detached: true,
  });
  const reloads = new Map<number, (answer: ReloadAnswer) => void>();
  let reloadId = 0;
  let unanswered = 0;
  let killedBecause: string | undefined;
  let over = false;

  /** Ends the child and what it started itself. */
  function killGroup(): void {
    if (child.pid !== undefined) killHard(-child.pid);
  }

  function kill(because: string): void {
    killedBecause = because;
    killGroup();
  }

  function answer(id: number, value: ReloadAnswer): void {
    reloads.get(id)?.(value);
    reloads.delete(id);
  }

  // Counts pings, not time: when this process was the one that stood still, no ping went out.
  const pings = setInterval(() => {
    if (unanswered * timing.pingEveryMs >= timing.hungAfterMs) {
      kill(`hung: no answer for ${timing.hungAfterMs} ms`);
    }
    unanswered += 1;
    send(child, { type: "ping" });
  }, timing.pingEveryMs);
  const tooSlow = setTimeout(() => kill(`not ready within ${timing.readyWithinMs} ms`), timing.readyWithinMs);
  const timers: NodeJS.Timeout[] = [pings, tooSlow];

  child.on("message", (received) => {
    unanswered = 0;
    const message = asMessage<FromChild>(received);
    if (message?.type === "ready") {
      clearTimeout(tooSlow);
      events.ready();
    } else if (message?.type === "reloaded") {
      answer(message.id, { outcome: message.ok ? "reloaded" : "refused", detail: message.detail });
    }
  });
  child.on("error", (error) => child.pid === undefined && end(`start failed: ${messageOf(error)}`));
  child.once("exit", (code, signal) =>
    end(killedBecause ?? (signal ? `signal ${signal}` : `exit code ${code}`)),
  );

  function end(reason: string): void {
    if (over) return;
    over = true;
    for (const timer of timers) clearTimeout(timer);
    for (const id of reloads.keys()) answer(id, { outcome: "no_answer", detail: reason });
    killGroup();
    events.exited(reason);
  }

  return {
    pid: child.pid,
    stop() {
      clearTimeout(pings);
      clearTimeout(tooSlow);
      if (!send(child, { type: "stop" })) child.kill("SIGTERM");
      timers.push(
        setTimeout(() => child.kill("SIGTERM"), timing.stopWithinMs / 2),
        setTimeout(() => kill(`killed: not stopped within ${timing.stopWithinMs} ms`), timing.stopWithinMs),
      );
    },
    reload() {
      const id = ++reloadId;
      const detail = `no answer within ${timing.reloadWithinMs} ms`;
      setTimeout(() => answer(id, { outcome: "no_answer", detail }), timing.reloadWithinMs).unref();
      send(child, { type: "reload", id });
      return new Promise((resolve) => reloads.set(id, resolve));
    },
  };
}

/** False when the child has no channel any more. A failure on the way shows as its exit, or as silence. */
function send(child: ChildProcess, message: ToChild): boolean {
  if (!child.connected) return false;
  child.send(message, () => {});
  return true;
}
