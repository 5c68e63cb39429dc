import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What a child runs: an exported function of a module, with arguments that are plain JSON. */
export interface Call {
  readonly module: URL;
  readonly name: string;
  readonly args: readonly unknown[];
  /** Added to the environment, such as `DOORBELL_FAILPOINTS`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Shell commands before it, such as `umask 0` or `ulimit -f 8`. */
  readonly shell?: string;
}

/** How a child ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the function answered or threw; undefined when it was killed before. */
  readonly answer:
    | { result?: unknown; error?: { message: string; code?: string; retryable?: boolean } }
    | undefined;
  /** All it printed, line by line. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** A child process that runs. `await using` kills and awaits it. */
export interface Child extends AsyncDisposable {
  /** Resolves when it has printed this line. @throws when it ends without */
  line(text: string): Promise<void>;
  kill(): void;
  readonly ended: Promise<Ended>;
}

/** Starts a real child process of this same Node. */
export function startCall({ module, name, args, env, shell = ":" }: Call): Child {
  const entry = fileURLToPath(new URL("./call.ts", import.meta.url));
  const child = spawn(
    "/bin/sh",
    ["-c", `${shell} && exec "$@"`, "sh", process.execPath, entry, module.href, name, JSON.stringify(args)],
    { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    for (const watcher of watchers) watcher();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => {
      const last = lines.at(-1);
      const answer = code === 0 && last?.startsWith("{") ? (JSON.parse(last) as Ended["answer"]) : undefined;
      resolve({ code, signal, answer, lines, stderr });
    });
  });
  const kill = (): void => void child.kill("SIGKILL");
  return {
    ended,
    kill,
    line: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (lines.includes(text)) resolve();
        };
        watchers.add(look);
        look();
        void ended.then(() => reject(new Error(`the child ended without saying ${text}: ${stderr}`)));
      }),
    async [Symbol.asyncDispose]() {
      kill();
      await ended;
    },
  };
}

/** Runs a call in a child to its end. */
export const callInChild = (call: Call): Promise<Ended> => startCall(call).ended;
