import { join } from "node:path";
import { cleanup } from "../../../lib/cleanup.ts";
import type { Clock } from "../../../lib/clock.ts";
import { type Child, type ChildEvents, type ChildTiming, defaultChildTiming, startChild } from "./child.ts";
import { type Controlled, type SupervisorStatus, serveControl } from "./control.ts";
import { type Release, readJournal, writeJournal } from "./journal.ts";
import {
  type Address,
  adoptSocket,
  bindSocket,
  inheritedDescriptors,
  type ListeningSocket,
} from "./listening.ts";
import { LISTEN_DESCRIPTOR } from "./messages.ts";
import { renderMetrics, serveMetrics } from "./metrics.ts";
import type { WantedProcess } from "./process-plan.ts";
import {
  defaultRestartPolicy,
  type ProcessState,
  type RestartPolicy,
  wantedProcesses,
} from "./process-plan.ts";
import { type ProcessTable, processTable } from "./process-table.ts";
import { lockRunFolder, outliveLeftovers, prepareRunFolder, RUN_FOLDER_VARIABLE } from "./run-folder.ts";
import { SupervisorError } from "./supervisor-error.ts";
import { serveUnix } from "./unix-server.ts";

/** Most workers that can be asked for. */
const MAX_WORKERS = 64;

/** What to supervise, and how. */
export interface SupervisorConfig {
  /** The household's data, an absolute path; one supervisor each. Created when missing. */
  readonly dataFolder: string;
  /** The installed release. Each process is `node ...nodeOptions ENTRY ROLE ...args`. */
  readonly release: Release;
  /** What Node itself is told. */
  readonly nodeOptions: readonly string[];
  /** What follows the role in every command line. */
  readonly args: readonly string[];
  /** Added to our own environment for every process. */
  readonly env: Readonly<Record<string, string>>;
  /** Workers wanted at first, 0 to 64. */
  readonly workers: number;
  /** Where `web` listens, and where `ops` answers `/metrics`. Sockets passed by systemd go first. */
  readonly public: Address;
  readonly metrics: Address;
  /** UNIX socket for our own metrics. Default: `run/supervisor.metrics.sock` in the data folder. */
  readonly metricsSocket?: string;
  /** Throws the output of the processes away; else it joins ours. */
  readonly quiet: boolean;
  readonly restart: RestartPolicy;
  readonly timing: ChildTiming;
}

/** What a configuration is without anyone saying otherwise: port 5000 on every address, one worker. */
export const supervisorDefaults = {
  nodeOptions: [],
  args: [],
  env: {},
  workers: 1,
  public: { host: "::", port: 5000 },
  metrics: { host: "127.0.0.1", port: 8000 },
  quiet: false,
  restart: defaultRestartPolicy,
  timing: defaultChildTiming,
} satisfies Partial<SupervisorConfig>;

/** Something changed, for whoever prints or logs it. */
export type SupervisorChange =
  | { readonly type: "phase"; readonly phase: SupervisorStatus["phase"] }
  | { readonly type: "process"; readonly name: string; readonly state: ProcessState };

/** What the supervisor needs. `onChange` must not throw. */
export interface SupervisorDeps {
  readonly clock: Clock;
  onChange(change: SupervisorChange): void;
}

/**
 * Runs the processes of one release and keeps them running. Holds the listening sockets, so that a process can
 * die without a connection being refused; takes no part in answering one. Starts and stops once.
 */
export class Supervisor implements Controlled {
  readonly #config: SupervisorConfig;
  readonly #deps: SupervisorDeps;
  readonly #table: ProcessTable;
  readonly #cleanup = cleanup();
  #phase: SupervisorStatus["phase"] = "stopped";
  #runFolder = "";
  #public: ListeningSocket | undefined;
  #metrics: ListeningSocket | undefined;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: SupervisorConfig, deps: SupervisorDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#table = processTable(config.restart, {
      now: () => deps.clock.moment().uptimeMs,
      start: (process, events) => this.#startProcess(process, events),
      onChange: (name, state) => deps.onChange({ type: "process", name, state }),
    });
  }

  /**
   * Takes the lock and the sockets and starts the processes. Resolves when they are on their way, `ops` first.
   * Waits for processes that a killed supervisor left behind.
   * @throws SupervisorError, or what the file system says, with everything undone
   */
  start(): Promise<void> {
    this.#started ??= this.#start().catch(async (error) => {
      await this.#cleanup.run();
      this.#enter("stopped");
      throw error;
    });
    return this.#started;
  }

  /**
   * Stops everything in order: `web`, which stops accepting first; then the workers; then `ops`. Resolves when
   * the last process is gone. Every later call is the same call.
   * @throws AggregateError when something of our own could not be closed
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  status(): SupervisorStatus {
    const address = (socket?: ListeningSocket) => socket && { host: socket.host, port: socket.port };
    return {
      pid: process.pid,
      phase: this.#phase,
      release: this.#config.release.version,
      public: address(this.#public),
      metrics: address(this.#metrics),
      processes: this.#table.status(),
    };
  }

  restart(name: string): { restarting: string[] } {
    return { restarting: this.#table.restart(name) };
  }

  reload(): ReturnType<Controlled["reload"]> {
    return this.#table.reload();
  }

  scale(workers: number): { workers: number } {
    if (!Number.isInteger(workers) || workers < 0 || workers > MAX_WORKERS) {
      throw new SupervisorError(
        "bad_params",
        `scale: workers must be a whole number from 0 to ${MAX_WORKERS}`,
      );
    }
    if (this.#phase !== "running")
      throw new SupervisorError("not_running", `scale: supervisor is ${this.#phase}`);
    this.#table.want(wantedProcesses(workers));
    return { workers };
  }

  async #start(): Promise<void> {
    const { dataFolder, workers, metricsSocket } = this.#config;
    this.#enter("starting");
    const run = prepareRunFolder(dataFolder);
    this.#runFolder = run.folder;
    const lock = lockRunFolder(run);
    this.#cleanup.add("lock", () => lock.close());
    const control = await serveUnix(run.control, (socket) => serveControl(socket, this));
    this.#cleanup.add("control socket", control.close);
    const render = () => renderMetrics(this.#table.status());
    const metrics = await serveUnix(metricsSocket ?? run.metrics, (socket) => serveMetrics(socket, render));
    this.#cleanup.add("metrics socket", metrics.close);
    await outliveLeftovers(run, this.#config.timing.stopWithinMs);
    this.#recordRelease();
    const inherited = inheritedDescriptors(process.env, process.pid);
    this.#public = await this.#openSocket(this.#config.public, inherited.public);
    this.#metrics = await this.#openSocket(this.#config.metrics, inherited.metrics);
    this.#enter("running");
    this.#table.want(wantedProcesses(workers));
  }

  async #stop(): Promise<void> {
    // A start that failed has undone itself and told its caller.
    const running = await this.#started?.then(
      () => true,
      () => false,
    );
    if (!running) return;
    this.#enter("stopping");
    this.#public?.close();
    for (const staying of [["worker", "ops"], ["ops"], []]) {
      this.#table.want(this.#table.wanted().filter(({ role }) => staying.includes(role)));
      await this.#table.unwantedGone();
    }
    await this.#cleanup.run();
    this.#enter("stopped");
  }

  #recordRelease(): void {
    const { dataFolder, release } = this.#config;
    const file = join(dataFolder, "supervisor.json");
    const now = this.#deps.clock.now();
    const active = readJournal(file, now)?.active;
    if (active?.version === release.version && active.entry === release.entry) return;
    writeJournal(file, { v: 1, active: release, ...(active && { previous: active }), since: now });
  }

  async #openSocket(address: Address, inherited: number | undefined): Promise<ListeningSocket> {
    const socket = inherited === undefined ? await bindSocket(address) : adoptSocket(inherited);
    this.#cleanup.add(`port ${socket.port}`, socket.close);
    return socket;
  }

  #startProcess({ name, role }: WantedProcess, events: ChildEvents): Child {
    const { release, nodeOptions, args, env, quiet, timing } = this.#config;
    const fd = { web: this.#public, ops: this.#metrics, worker: undefined }[role]?.fd;
    // systemd's variables are meant for us alone.
    const ours = Object.entries(process.env).filter(([variable]) => !/^(DOORBELL_)?LISTEN_/.test(variable));
    const childEnv = {
      ...Object.fromEntries(ours),
      ...env,
      DOORBELL_RELEASE: release.version,
      DOORBELL_INSTANCE: name,
      DOORBELL_ROLE: role,
      [RUN_FOLDER_VARIABLE]: this.#runFolder,
      ...(fd !== undefined && { DOORBELL_LISTEN_FD: String(LISTEN_DESCRIPTOR) }),
    };
    const all = [...nodeOptions, release.entry, role, ...args];
    return startChild({ args: all, env: childEnv, fd, quiet }, timing, events);
  }

  #enter(phase: SupervisorStatus["phase"]): void {
    this.#phase = phase;
    this.#deps.onChange({ type: "phase", phase });
  }
}
