import { request } from "node:http";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../testing/guard.ts";
import type { ProcessStatus } from "./control.ts";
import { renderMetrics, serveMetrics } from "./metrics.ts";
import { serveUnix } from "./unix-server.ts";

const processes: ProcessStatus[] = [
  { name: "web", role: "web", status: "ready", wanted: true, forMs: 1, restarts: 2 },
  { name: "worker-1", role: "worker", status: "ready", wanted: true, forMs: 1, restarts: 0 },
  { name: "worker-2", role: "worker", status: "crash_looping", wanted: true, forMs: 1, restarts: 7 },
  { name: "worker-3", role: "worker", status: "stopping", wanted: false, forMs: 1, restarts: 0 },
];

function get(
  socketPath: string,
  path: string,
): Promise<{ status: number | undefined; type: unknown; body: string }> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode, type: response.headers["content-type"], body }),
      );
    })
      .on("error", reject)
      .end();
  });
}

it("shows a worker that is wanted and away as 0", () => {
  const lines = renderMetrics(processes).split("\n");
  expect(lines).toContain('pipeline_worker_health{worker_id="worker-1",worker_type="pipeline"} 1');
  expect(lines).toContain('pipeline_worker_health{worker_id="worker-2",worker_type="pipeline"} 0');
  expect(lines.filter((line) => line.startsWith("pipeline_worker_health"))).toHaveLength(2);
});

it("counts restarts and marks crash loops, from 0 on", () => {
  const lines = renderMetrics(processes).split("\n");
  expect(lines).toContain('supervisor_process_restarts_total{process="worker-1"} 0');
  expect(lines).toContain('supervisor_process_restarts_total{process="web"} 2');
  expect(lines).toContain('supervisor_process_crash_looping{process="worker-2"} 1');
  expect(lines).toContain('supervisor_process_crash_looping{process="web"} 0');
});

it("answers a real HTTP client on its UNIX socket, and only for its page", async () => {
  const path = join(temporaryFolder(), "metrics.sock");
  const server = await serveUnix(path, (socket) => serveMetrics(socket, () => renderMetrics(processes)));
  try {
    const page = await get(path, "/metrics");
    expect(page).toMatchObject({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
    // What the process says of itself goes on changing.
    const lasting = (text: string): string => text.replace(/^process_.*$/gm, "");
    expect(lasting(page.body)).toBe(lasting(renderMetrics(processes)));
    expect(await get(path, "/metricsx")).toMatchObject({ status: 404 });
    expect(await get(path, `/${"x".repeat(10_000)}`)).toMatchObject({ status: 404 });
  } finally {
    await server.close();
  }
});

it("counts every restart that nobody asked for as an error", () => {
  const lines = renderMetrics(processes).split("\n");
  expect(lines).toContain('errors_total{component="supervisor",error_type="crash",severity="critical"} 9');
});
