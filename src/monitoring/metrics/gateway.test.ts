import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createNetServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { cleanup } from "../../lib/cleanup.ts";
import { temporaryFolder } from "../../testing/guard.ts";
import type { LeftOut } from "./exposition.ts";
import { collectMetrics, startGateway } from "./gateway.ts";
import { serveMetrics } from "./local-endpoint.ts";
import { createMetrics } from "./registry.ts";

let stops = cleanup();
afterEach(async () => {
  await stops.run();
  stops = cleanup();
});

/** Serves a counter of this process under the instance. */
async function serve(folder: string, instance: string): Promise<void> {
  const metrics = createMetrics({ role: "web", instance });
  metrics.storageBusyWaitsTotal.inc(7);
  const server = await serveMetrics(folder, instance, metrics);
  stops.add(instance, () => server.close());
}

/** Serves whatever a broken process might, under the instance. */
async function answer(folder: string, instance: string, text: string, status = 200): Promise<void> {
  const server = createServer((_, response) => response.writeHead(status).end(text));
  server.listen(join(folder, `${instance}.metrics.sock`));
  await once(server, "listening");
  stops.add(instance, () => void server.close());
}

/** A process of its own that runs `program` (with our modules as `own(NAME)`) and writes a word when it is up. */
async function child(
  name: string,
  program: string,
  args: string[],
  fds: number[] = [],
): Promise<ChildProcess> {
  const own = `const own = (name) => import(new URL(name, ${JSON.stringify(import.meta.url)}));`;
  const started = spawn(process.execPath, ["--input-type=module", "-e", own + program, ...args], {
    stdio: ["ignore", "pipe", "inherit", ...fds],
  });
  stops.add(name, async () => {
    if (started.exitCode !== null || started.signalCode !== null) return;
    started.kill("SIGKILL");
    await once(started, "exit");
  });
  await once(started.stdout!, "data");
  return started;
}

/** A process of its own that serves its metrics under the instance. */
function worker(folder: string, instance: string): Promise<ChildProcess> {
  const program = `
    const [folder, instance] = process.argv.slice(1);
    const { createMetrics } = await own("registry.ts");
    const { serveMetrics } = await own("local-endpoint.ts");
    await serveMetrics(folder, instance, createMetrics({ role: "worker", instance }));
    process.stdout.write("up");`;
  return child(instance, program, [folder, instance]);
}

const up = (text: string) => text.match(/^up\{.*$/gm);

describe("the metrics socket of a process", () => {
  it("is for its owner alone, replaces one left by a killed process, and goes with it", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "web.metrics.sock");
    const killed = await worker(folder, "web");
    killed.kill("SIGKILL");
    await once(killed, "exit");
    expect(statSync(path).isSocket()).toBe(true);
    const server = await serveMetrics(folder, "web", createMetrics({ role: "web", instance: "web" }));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await collectMetrics({ runFolder: folder })).toContain('up{instance="web"} 1');
    await server.close();
    expect(() => statSync(path)).toThrow();
  });

  it("answers nothing but GET /metrics", async () => {
    const folder = temporaryFolder();
    await serve(folder, "web");
    const status = async (method: string, path: string) => {
      const asked = request({
        socketPath: join(folder, "web.metrics.sock"),
        method,
        path,
        agent: false,
      }).end();
      const [response] = await once(asked, "response");
      return response.resume().statusCode;
    };
    expect(await status("GET", "/metrics?x=1")).toBe(200);
    expect(await status("GET", "/")).toBe(404);
    expect(await status("POST", "/metrics")).toBe(405);
  });

  it("says so where a path is too long or no folder is there", async () => {
    const metrics = createMetrics({ role: "web", instance: "web" });
    const unusable = { code: "metrics_socket_unusable" };
    await expect(serveMetrics("/tmp", "x".repeat(100), metrics)).rejects.toMatchObject(unusable);
    await expect(serveMetrics("/tmp/not/there", "web", metrics)).rejects.toMatchObject(unusable);
  });
});

describe("collecting the metrics of all processes", () => {
  it("joins them under one family, each up", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "supervisor.sock"), "");
    for (const instance of ["web", "2026.2/web"]) await serve(folder, instance);
    const text = await collectMetrics({ runFolder: folder });
    expect(text.match(/^# TYPE storage_busy_waits_total/gm)).toHaveLength(1);
    expect(text).toContain(
      'storage_busy_waits_total{instance="2026.2/web"} 7\nstorage_busy_waits_total{instance="web"} 7\n',
    );
    expect(up(text)).toEqual(['up{instance="2026.2/web"} 1', 'up{instance="web"} 1']);
  });

  it("loses only the part of a process that is stopped, dead, confused or failing", async () => {
    const folder = temporaryFolder();
    const [hanging, dead] = await Promise.all([worker(folder, "hanging"), worker(folder, "dead")]);
    hanging.kill("SIGSTOP");
    dead.kill("SIGKILL");
    await once(dead, "exit");
    await serve(folder, "sound");
    await answer(folder, "malformed", "storage_busy_waits_total{");
    await answer(folder, "failing", "", 500);
    const told: LeftOut[] = [];
    const text = await collectMetrics({
      runFolder: folder,
      timeoutMs: 200,
      onLeftOut: (leftOut) => told.push(...leftOut),
    });
    expect(up(text)).toEqual([
      'up{instance="dead"} 0',
      'up{instance="failing"} 0',
      'up{instance="hanging"} 0',
      'up{instance="malformed"} 0',
      'up{instance="sound"} 1',
    ]);
    expect(text).toContain('storage_busy_waits_total{instance="sound"} 7');
    const reasons = Object.fromEntries(told.map(({ instance, reason }) => [instance, reason]));
    expect(reasons).toMatchObject({
      failing: "status 500",
      hanging: "no answer within 200 ms",
      malformed: "the text ends in mid-line",
    });
    expect(reasons.dead).toContain("ECONNREFUSED");
  });

  it("leaves out a process that never stops talking", async () => {
    const folder = temporaryFolder();
    await answer(folder, "loud", `# ${"x".repeat(17 * 1024 * 1024)}\n`);
    expect(up(await collectMetrics({ runFolder: folder, timeoutMs: 10_000 }))).toEqual([
      'up{instance="loud"} 0',
    ]);
  });
});

describe("the gateway", () => {
  const gateway = async (options: Partial<Parameters<typeof startGateway>[0]>) => {
    const folder = temporaryFolder();
    await serve(folder, "web");
    const started = await startGateway({
      listen: { host: "127.0.0.1", port: 0 },
      runFolder: folder,
      ...options,
    });
    stops.add("gateway", () => started.close());
    return started.port!;
  };
  const get = (host: string, port: number, token?: string) =>
    fetch(`http://${host}:${port}/metrics`, token === undefined ? {} : { headers: { authorization: token } });

  it("serves them in Prometheus' format", async () => {
    const response = await get("127.0.0.1", await gateway({}));
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toContain('up{instance="web"} 1');
  });

  it("serves them on a descriptor that listens already", async () => {
    const opened = createNetServer().listen(0, "127.0.0.1");
    await once(opened, "listening");
    const { port } = opened.address() as { port: number };
    const { fd } = (opened as unknown as { _handle: { fd: number } })._handle;
    const folder = temporaryFolder();
    await serve(folder, "web");
    const program = `
      const { startGateway } = await own("gateway.ts");
      await startGateway({ listen: { fd: 3 }, runFolder: process.argv[1] });
      process.stdout.write("up");`;
    await child("gateway", program, [folder], [fd]);
    opened.close();
    expect(await (await get("127.0.0.1", port)).text()).toContain('up{instance="web"} 1');
  });

  it("wants the token from everybody where there is one", async () => {
    const port = await gateway({ token: "s3cret" });
    const statuses = [undefined, "Bearer s3cre", "Bearer s3crets", "s3cret", "Bearer s3cret"].map(
      async (token) => (await get("127.0.0.1", port, token)).status,
    );
    expect(await Promise.all(statuses)).toEqual([401, 401, 401, 401, 200]);
  });

  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

  it.skipIf(outside === undefined)("answers only this machine where there is none", async () => {
    const port = await gateway({ listen: { host: "0.0.0.0", port: 0 } });
    expect((await get("127.0.0.1", port)).status).toBe(200);
    expect((await get(outside!, port)).status).toBe(403);
  });

  it("answers 500 without its run folder", async () => {
    expect((await get("127.0.0.1", await gateway({ runFolder: "/not/there" }))).status).toBe(500);
  });
});
