import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/clock.ts";
import type { ProcessStatus } from "./control.ts";
import { callSupervisor } from "./control-client.ts";
import { eventually, type Household, household, isAlive, quickTiming } from "./fixtures/household.ts";
import { runFolder } from "./run-folder.ts";
import { Supervisor, type SupervisorChange } from "./supervisor.ts";

interface Run {
  readonly supervisor: Supervisor;
  readonly changes: SupervisorChange[];
  process(name: string): ProcessStatus;
  url(): string;
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function started({ config }: Household): Promise<Run> {
  const changes: SupervisorChange[] = [];
  const supervisor = new Supervisor(config, {
    clock: systemClock(),
    onChange: (change) => changes.push(change),
  });
  stops.push(() => supervisor.stop());
  await supervisor.start();
  return {
    supervisor,
    changes,
    process(name) {
      const found = supervisor.status().processes.find((process) => process.name === name);
      if (!found) throw new Error(`no process ${name}`);
      return found;
    },
    url: () => `http://127.0.0.1:${supervisor.status().public?.port}`,
  };
}

const isReady = (run: Run, ...names: string[]) => names.every((name) => run.process(name).status === "ready");

async function ready(run: Run, ...names: string[]): Promise<Run> {
  await eventually(() => isReady(run, ...names), `${names} ready`);
  return run;
}

async function answer(url: string): Promise<{ pid: number; role: string }> {
  return (await (await fetch(url)).json()) as { pid: number; role: string };
}

/** Kills a process of a run the hard way. */
function kill(run: Run, name: string): number {
  const { pid } = run.process(name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  process.kill(pid, "SIGKILL");
  return pid;
}

/** A supervisor in a process of its own, perhaps started through a shell, perhaps with a descriptor 3. */
function apart({ config }: Household, shell = 'exec "$@"', fd?: number): ChildProcess {
  const script = join(import.meta.dirname, "fixtures", "run-supervisor.ts");
  const child = spawn("sh", ["-c", shell, "sh", process.execPath, script, JSON.stringify(config)], {
    stdio: ["ignore", "ignore", "inherit", fd ?? "ignore"],
  });
  stops.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  });
  return child;
}

const statusOf = ({ config }: Household) =>
  callSupervisor(runFolder(config.dataFolder).control, "status", {});

async function allReady(home: Household): Promise<readonly ProcessStatus[]> {
  return eventually(async () => {
    const { processes } = await statusOf(home).catch(() => ({ processes: [] }));
    return processes.length > 0 && processes.every(({ status }) => status === "ready")
      ? processes
      : undefined;
  }, "all ready");
}

describe("starting and stopping", () => {
  it("starts ops first, then web and the workers, and stops them the other way round", async () => {
    const home = household({ workers: 2 });
    const run = await ready(await started(home), "ops", "web", "worker-1", "worker-2");
    const before = home.log();
    expect(before.slice(0, 2)).toEqual([expect.stringMatching(/^ops start/), "ops ready"]);
    await run.supervisor.stop();
    const stopped = home.log().slice(before.length);
    expect(stopped[0]).toBe("web stop supervisor");
    expect(stopped.slice(1, 3).sort()).toEqual(["worker-1 stop supervisor", "worker-2 stop supervisor"]);
    expect(stopped[3]).toBe("ops stop supervisor");
    expect(run.changes.at(-1)).toEqual({ type: "phase", phase: "stopped" });
    await expect(fetch(run.url())).rejects.toThrow();
  });

  it("gives web and ops their socket as descriptor 3, and a worker none", async () => {
    const home = household();
    const run = await ready(await started(home), "web", "worker-1");
    const metrics = `http://127.0.0.1:${run.supervisor.status().metrics?.port}`;
    expect(await answer(run.url())).toEqual({ pid: run.process("web").pid, role: "web" });
    expect(await answer(metrics)).toEqual({ pid: run.process("ops").pid, role: "ops" });
    const links = (name: string) => {
      const folder = `/proc/${run.process(name).pid}/fd`;
      return readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`));
    };
    const sockets = ["web", "ops"].map((name) => readlinkSync(`/proc/${run.process(name).pid}/fd/3`));
    for (const socket of sockets) {
      expect(socket).toMatch(/^socket:/);
      expect(links("worker-1")).not.toContain(socket);
    }
    const environment = readFileSync(`/proc/${run.process("worker-1").pid}/environ`, "utf8").split("\0");
    expect(environment).toEqual(
      expect.arrayContaining([
        "DOORBELL_RELEASE=1.2.3",
        "DOORBELL_INSTANCE=worker-1",
        "DOORBELL_ROLE=worker",
      ]),
    );
    expect(environment.filter((entry) => entry.includes("LISTEN_"))).toEqual([]);
  });

  it("starts web and workers also when ops only crashes", async () => {
    const home = household();
    home.behave("ops", "crash");
    const run = await ready(await started(home), "web", "worker-1");
    await eventually(() => run.process("ops").status === "crash_looping");
  });

  it("kills what does not stop in time", async () => {
    const home = household({ timing: { ...quickTiming, stopWithinMs: 500 } });
    home.behave("worker-1", "stubborn");
    const run = await ready(await started(home), "worker-1");
    const { pid = 0 } = run.process("worker-1");
    await run.supervisor.stop();
    expect(isAlive(pid)).toBe(false);
    const last = run.changes.findLast((change) => change.type === "process" && change.name === "worker-1");
    expect(last).toMatchObject({
      state: { status: "stopped", history: { lastExit: expect.stringMatching(/^killed/) } },
    });
  });

  it("records which release is active, and which was before", async () => {
    const home = household({ workers: 0 });
    await (await started(home)).supervisor.stop();
    const release = { version: "1.2.4", entry: home.config.release.entry };
    await started({ ...home, config: { ...home.config, release } });
    const journal = JSON.parse(readFileSync(join(home.config.dataFolder, "supervisor.json"), "utf8"));
    expect(journal).toMatchObject({ active: release, previous: home.config.release });
  });

  it("keeps its run folder to its user", async () => {
    const home = household({ workers: 0 });
    await started(home);
    const { folder, control, metrics } = runFolder(home.config.dataFolder);
    expect([folder, control, metrics].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual([
      "700",
      "600",
      "600",
    ]);
  });
});

describe("a process that fails", () => {
  it("is started again after a kill -9", async () => {
    const run = await ready(await started(household()), "worker-1");
    const killed = kill(run, "worker-1");
    await eventually(() => isReady(run, "worker-1") && run.process("worker-1").pid !== killed);
    expect(run.process("worker-1")).toMatchObject({ restarts: 1, lastExit: "signal SIGKILL" });
  });

  it("is seen to crash in a loop, tried on, and well again when its cause is gone", async () => {
    const home = household();
    home.behave("worker-1", "crash");
    const run = await started(home);
    await eventually(() => run.process("worker-1").status === "crash_looping");
    const states = run.changes.flatMap((change) =>
      change.type === "process" && change.name === "worker-1" ? [change.state.status] : [],
    );
    expect(states).toEqual([
      "starting",
      "backing_off",
      "starting",
      "backing_off",
      "starting",
      "crash_looping",
    ]);
    expect(run.process("worker-1")).toMatchObject({ lastExit: "exit code 3", retryInMs: expect.any(Number) });
    home.behave("worker-1", "well");
    await ready(run, "worker-1", "web");
  });

  it("is killed and replaced when it hangs", async () => {
    const home = household();
    const run = await ready(await started(home), "web");
    const hanging = run.process("web").pid;
    const hung = fetch(`${run.url()}/hang`);
    await expect(hung).rejects.toThrow();
    await eventually(() => isReady(run, "web") && run.process("web").pid !== hanging);
    expect(run.process("web").lastExit).toBe("hung: no answer for 4000 ms");
    expect((await answer(run.url())).pid).toBe(run.process("web").pid);
  });

  it("leaves the door open: who connects meanwhile is answered by the next web", async () => {
    const home = household({
      restart: { ...household().config.restart, backoff: { firstMs: 1_500, maxMs: 1_500 } },
    });
    const run = await ready(await started(home), "web");
    const killed = kill(run, "web");
    await eventually(() => run.process("web").status === "backing_off");
    const socket = connect(run.supervisor.status().public?.port ?? 0, "127.0.0.1");
    await once(socket, "connect");
    expect(run.process("web").status).toBe("backing_off");
    socket.write("GET / HTTP/1.1\r\nHost: door\r\n\r\n");
    const [reply] = await once(socket, "data");
    socket.destroy();
    expect(String(reply)).toMatch(/^HTTP\/1.1 200/);
    expect(run.process("web").pid).not.toBe(killed);
  });
});

describe("the control socket of a running supervisor", () => {
  it("scales the workers up and down", async () => {
    const home = household();
    const run = await ready(await started(home), "worker-1");
    const { control, metrics } = runFolder(home.config.dataFolder);
    await callSupervisor(control, "scale", { workers: 3 });
    await ready(run, "worker-2", "worker-3");
    await callSupervisor(control, "scale", { workers: 1 });
    const names = () => run.supervisor.status().processes.map(({ name }) => name);
    await eventually(() => !names().includes("worker-3") && !names().includes("worker-2"));
    expect(isReady(run, "ops", "web", "worker-1")).toBe(true);
    await expect(callSupervisor(control, "scale", { workers: 65 })).rejects.toMatchObject({
      code: "bad_params",
    });
    const page = await new Promise<string>((resolve) => {
      request({ socketPath: metrics, path: "/metrics" }, (response) =>
        response.setEncoding("utf8").on("data", resolve),
      ).end();
    });
    expect(page).toContain('pipeline_worker_health{worker_id="worker-1",worker_type="pipeline"} 1\n# HELP');
  });

  it("restarts one process, which counts as no failure", async () => {
    const home = household();
    const run = await ready(await started(home), "web");
    const before = run.process("web").pid;
    const { control } = runFolder(home.config.dataFolder);
    expect(await callSupervisor(control, "restart", { process: "web" })).toEqual({ restarting: ["web"] });
    await eventually(() => isReady(run, "web") && run.process("web").pid !== before);
    expect(run.process("web").restarts).toBe(0);
  });

  it("restarts all: ops is ready again before the others stop", async () => {
    const home = household();
    const run = await ready(await started(home), "ops", "web", "worker-1");
    const before = home.log().length;
    run.supervisor.restart("all");
    await eventually(
      () => home.log().filter((line) => line === "web ready" || line === "worker-1 ready").length === 4,
    );
    const since = home.log().slice(before);
    expect(since[0]).toBe("ops stop supervisor");
    expect(since.indexOf("ops ready")).toBeLessThan(since.indexOf("web stop supervisor"));
  });

  it("collects what every process makes of a reload", async () => {
    const home = household();
    home.behave("worker-1", "refuse");
    await ready(await started(home), "ops", "web", "worker-1");
    expect(await callSupervisor(runFolder(home.config.dataFolder).control, "reload", {})).toEqual({
      ops: { outcome: "reloaded", detail: "read again" },
      web: { outcome: "reloaded", detail: "read again" },
      "worker-1": { outcome: "refused", detail: "bad configuration" },
    });
  });

  it("stops everything", async () => {
    const home = household();
    const run = await ready(await started(home), "web");
    const { control } = runFolder(home.config.dataFolder);
    expect(await callSupervisor(control, "stop", {})).toEqual({ stopping: true });
    await eventually(() => run.supervisor.status().phase === "stopped");
    await expect(callSupervisor(control, "status", {})).rejects.toMatchObject({
      code: "supervisor_not_running",
    });
  });
});

describe("a supervisor that may not start", () => {
  it("is refused beside another one of the same data folder, and harms it not", async () => {
    const home = household({ workers: 0 });
    const first = apart(home);
    const before = await allReady(home);
    for (let tries = 0; tries < 2; tries++) {
      const second = new Supervisor(home.config, { clock: systemClock(), onChange: () => {} });
      await expect(second.start()).rejects.toMatchObject({
        code: "supervisor_running",
        message: expect.stringContaining(`process ${first.pid} `),
      });
    }
    expect((await allReady(home)).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
  });

  it("is told who has its port, and lets go of everything", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const home = household({ public: { host: "127.0.0.1", port } });
    await expect(started(home)).rejects.toMatchObject({ code: "port_taken" });
    await new Promise((closed) => server.close(closed));
    await ready(await started(home), "web");
  });

  it("says so when its journal is torn, and begins anew at the next start", async () => {
    const home = household({ workers: 0 });
    await (await started(home)).supervisor.stop();
    const file = join(home.config.dataFolder, "supervisor.json");
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 20));
    await expect(started(home)).rejects.toMatchObject({ code: "journal_unreadable" });
    expect(existsSync(file)).toBe(false);
    await ready(await started(home), "web");
    expect(readdirSync(home.config.dataFolder).filter((name) => name.includes("refused"))).toHaveLength(1);
  });
});

describe("a supervisor that is killed", () => {
  it("leaves processes that stop by themselves", async () => {
    const home = household();
    const supervisor = apart(home);
    const processes = await allReady(home);
    supervisor.kill("SIGKILL");
    await eventually(() => processes.every(({ pid }) => pid !== undefined && !isAlive(pid)));
    expect(home.log().filter((line) => line.endsWith("stop orphaned"))).toHaveLength(3);
  });

  it("is followed by the next one on the same port, which waits for what is left of the last", async () => {
    const home = household({ timing: { ...quickTiming, stopWithinMs: 1_000 } });
    home.behave("worker-1", "stubborn");
    const first = apart(home);
    const processes = await allReady(home);
    const { public: address = { host: "", port: 0 } } = await statusOf(home);
    home.behave("worker-1", "well");
    first.kill("SIGKILL");
    await once(first, "exit");
    const next = await ready(
      await started({ ...home, config: { ...home.config, public: address } }),
      "web",
      "worker-1",
    );
    expect(processes.filter(({ pid = 0 }) => isAlive(pid))).toEqual([]);
    expect((await answer(`http://127.0.0.1:${address.port}`)).pid).toBe(next.process("web").pid);
  });
});

it("takes the sockets that systemd passes, and does not tell its processes about them", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const home = household({ workers: 0 });
  apart(home, 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', fd);
  server.close();
  const processes = await allReady(home);
  expect((await statusOf(home)).public).toEqual({ host: "127.0.0.1", port });
  const web = processes.find(({ name }) => name === "web");
  expect(await answer(`http://127.0.0.1:${port}`)).toEqual({ pid: web?.pid, role: "web" });
  expect(readFileSync(`/proc/${web?.pid}/environ`, "utf8")).not.toMatch(/\0LISTEN_/);
});
