import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { request as httpRequest } from "node:http";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stringify } from "yaml";
import { callSupervisor } from "../production/deployment/supervisor/control-client.ts";
import { runFolder } from "../production/deployment/supervisor/run-folder.ts";

/** The program as a user starts it: `node src/main.ts up`, in a folder of its own, on free ports. */
export interface System extends AsyncDisposable {
  readonly dataDir: string;
  /** Port of the public socket. */
  readonly port: number;
  /** Port of `/metrics`. */
  readonly metricsPort: number;
  /** What the program has printed so far. */
  output(): string;
  /** Whether the supervisor still runs. */
  runs(): boolean;
  /** One request as the command line on the machine makes it. */
  call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: T }>;
  /** Pids of the processes of an instance name that begins so: `worker`, `web`, `ops`, `supervisor`. */
  pids(instance: string): number[];
  /** Ends one of them as a power cut would, and resolves when it is gone. False when none runs. */
  kill(instance: string): Promise<boolean>;
  /**
   * Has a process end itself where it next passes a failpoint (see `src/lib/failpoint.ts`).
   * @param instance a whole name, such as `worker-1`
   */
  arm(instance: string, failpoint: string): Armed;
  /**
   * Has the supervisor restart a process, and resolves when all are ready. It then forgets how often that
   * process has ended: tests that kill often are no crash loop.
   */
  restart(instance: string): Promise<void>;
  /** Ends all of it at once with SIGKILL. */
  killAll(): Promise<void>;
  /** Stops it in order. */
  stop(): Promise<number | null>;
  /** Resolves when every process is ready, none of them one that was killed here, and `/api/ready` says so. */
  ready(patienceMs?: number): Promise<void>;
}

/** A kill that waits at a failpoint. */
export interface Armed {
  /** Whether it has happened. */
  happened(): boolean;
  /** Calls it off. False when it had happened already. */
  disarm(): boolean;
}

/** What differs from the demonstration profile. */
export interface SystemOptions {
  readonly folder: string;
  /** Merged over the base configuration: keys of the top level, and those under `http`. */
  readonly config?: Readonly<Record<string, unknown>> & { readonly http?: Readonly<Record<string, unknown>> };
  readonly env?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** Whether `arm` is to work; it costs a system call at every failpoint. */
  readonly failpoints?: boolean;
  /** The Node that runs it; by default this one. */
  readonly node?: string;
}

const root = resolve(import.meta.dirname, "../..");

/** Starts it and waits until it is ready. `await using` stops it. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const port = options.port ?? (await freePort());
  const dataDir = join(options.folder, "data");
  const source = join(options.folder, "doorbell.yaml");
  const failpoints = join(options.folder, "failpoints");
  const node = options.node ?? process.execPath;
  mkdirSync(failpoints, { recursive: true });
  const metricsPort = await freePort();
  writeFileSync(source, stringify(configuration(dataDir, { port, metricsPort }, options.config ?? {})));
  const child = spawn(node, [join(root, "src/main.ts"), "up", "--config", source], {
    cwd: options.folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...withoutDoorbell(process.env),
      NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compile"),
      ...(options.failpoints && { DOORBELL_FAILPOINTS: failpoints }),
      ...options.env,
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const system = systemOf(child, {
    ...{ node, failpoints, dataDir, port, metricsPort },
    output: () => output,
  });
  try {
    await system.ready();
    return system;
  } catch (error) {
    await system[Symbol.asyncDispose]();
    throw error;
  }
}

type Places = Pick<System, "dataDir" | "port" | "metricsPort" | "output"> & {
  readonly node: string;
  readonly failpoints: string;
};

function systemOf(child: ChildProcess, { node, failpoints, ...places }: Places): System {
  const { dataDir, output } = places;
  const exited = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
  const socketPath = join(dataDir, "run", "web.sock");
  const killed = new Set<number>();
  const pidsOf = (instance: string): number[] => processesOf(node, dataDir, instance);
  const isReady = async (): Promise<boolean> => {
    const { processes } = await callSupervisor(runFolder(dataDir).control, "status", {});
    if (!processes.every(({ status, pid }) => status === "ready" && !killed.has(pid!))) return false;
    return (await system.call("GET", "/api/ready")).status === 200;
  };
  const system: System = {
    ...places,
    runs: () => child.exitCode === null && child.signalCode === null,
    call: (method, path, body, headers) => callOver(socketPath, { method, path, headers }, body),
    pids: (instance) => (instance === "supervisor" ? [child.pid!] : pidsOf(instance)),
    async kill(instance) {
      const [pid] = system.pids(instance);
      if (pid === undefined) return false;
      killed.add(pid);
      process.kill(pid, "SIGKILL");
      if (instance === "supervisor") await exited;
      return true;
    },
    arm(instance, failpoint) {
      const file = join(failpoints, `${instance}:${failpoint}`);
      const [pid] = system.pids(instance);
      writeFileSync(file, "");
      const happened = (): boolean => {
        if (existsSync(file)) return false;
        killed.add(pid!);
        return true;
      };
      return { happened, disarm: () => removed(file) };
    },
    async restart(instance) {
      for (const pid of system.pids(instance)) killed.add(pid);
      await callSupervisor(runFolder(dataDir).control, "restart", { process: instance });
      await system.ready();
    },
    async killAll() {
      const pids = [child.pid!, ...pidsOf("")];
      for (const pid of pids) killQuietly(pid, "SIGKILL");
      await exited;
      await until(() => pidsOf("").length === 0, 10_000, "processes end");
    },
    async stop() {
      child.kill("SIGTERM");
      return exited;
    },
    async ready(patienceMs = 60_000) {
      const holds = async (): Promise<boolean> => {
        if (!system.runs()) throw new Error(`the program ended with ${child.exitCode}:\n${output()}`);
        return isReady().catch(() => false);
      };
      await until(holds, patienceMs, () => `the system to be ready:\n${output().slice(-4_000)}`);
    },
    async [Symbol.asyncDispose]() {
      if (system.runs()) child.kill("SIGTERM");
      await Promise.race([exited, wait(30_000, undefined, { ref: false })]);
      for (const pid of pidsOf("")) killQuietly(pid, "SIGKILL");
    },
  };
  return system;
}

/** Sets the owner up as the first start's link does, and makes an API token. */
export async function apiToken(
  { call }: Pick<System, "call">,
  password = "correct horse battery staple",
): Promise<string> {
  const link = await call<{ token: string }>("POST", "/api/setup-links", {});
  const owner = { token: link.body.token, name: "Owner", password };
  const setUp = await call("POST", "/api/setup", owner);
  const made = await call<{ token: string }>("POST", "/api/tokens", { name: "test" });
  if (made.status !== 201) throw new Error(`make token: HTTP ${setUp.status}, then ${made.status}`);
  return made.body.token;
}

/** Looks again and again until it holds. @throws when it does not within `patienceMs` */
export async function until(
  holds: () => boolean | Promise<boolean>,
  patienceMs: number,
  what: string | (() => string),
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`waited ${patienceMs} ms for ${typeof what === "string" ? what : what()}`);
    await wait(50);
  }
}

function configuration(
  dataDir: string,
  { port, metricsPort }: { port: number; metricsPort: number },
  over: NonNullable<SystemOptions["config"]>,
) {
  return {
    profile: "demonstration",
    dataDir,
    doors: [{ id: "front", name: "Front door", debounceMs: 0, camera: { driver: "demonstration" } }],
    metrics: { port: metricsPort },
    ...over,
    http: { port, rateLimit: { enabled: false }, ...over.http },
  };
}

/** Processes of this data folder, found by their environment, as `ps` would. */
function processesOf(node: string, dataDir: string, instance: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const env = readQuietly(`/proc/${pid}/environ`).split("\0");
      return (
        env.some((entry) => entry === `DOORBELL_RUN_FOLDER=${join(dataDir, "run")}`) &&
        env.some((entry) => entry.startsWith(`DOORBELL_INSTANCE=${instance}`)) &&
        linkOf(`/proc/${pid}/exe`) === node
      );
    });
}

/** What is asked, but for the body. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

function callOver<T>(socketPath: string, { method, path, headers: given }: Asked, body: unknown) {
  return new Promise<{ status: number; body: T }>((done, failed) => {
    const binary = body instanceof Uint8Array;
    const payload = body === undefined ? undefined : binary ? body : JSON.stringify(body);
    const headers = {
      ...given,
      ...(payload !== undefined && {
        "content-type": binary ? "image/jpeg" : "application/json",
        "content-length": Buffer.byteLength(payload),
      }),
    };
    const sent = httpRequest({ socketPath, method, path, headers, timeout: 30_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", failed);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const json = /json/.test(response.headers["content-type"] ?? "");
        done({ status: response.statusCode!, body: (json ? JSON.parse(bytes.toString()) : bytes) as T });
      });
    });
    sent.on("error", failed);
    sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer within 30 s`)));
    sent.end(payload);
  });
}

function withoutDoorbell(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(DOORBELL_|ENVIRONMENT$|LOG_LEVEL$|VITEST)/.test(name)),
  );
}

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function removed(file: string): boolean {
  try {
    unlinkSync(file);
    return true;
  } catch {
    return false;
  }
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It had ended meanwhile, which is what was wanted.
  }
}
