import type { Socket } from "node:net";
import type { ProcessStatus } from "./control.ts";

/**
 * The supervisor's metrics in Prometheus text format 0.0.4, written out and not counted by a library: it stays
 * small. `pipeline_worker_health` has a sample for every worker that is wanted, so a worker that is gone shows
 * as 0 and not as nothing.
 */
export function renderMetrics(processes: readonly ProcessStatus[]): string {
  const workers = processes.filter(({ role, wanted }) => wanted && role === "worker");
  const crashes = processes.reduce((sum, { restarts }) => sum + restarts, 0);
  const { user, system } = process.cpuUsage();
  return [
    "# HELP pipeline_worker_health Pipeline worker health status (1=healthy, 0=unhealthy)",
    "# TYPE pipeline_worker_health gauge",
    ...workers.map(
      ({ name, status }) =>
        `pipeline_worker_health{worker_id="${name}",worker_type="pipeline"} ${status === "ready" ? 1 : 0}`,
    ),
    "# HELP supervisor_process_restarts_total Restarts of a process that nobody asked for",
    "# TYPE supervisor_process_restarts_total counter",
    ...processes.map(
      ({ name, restarts }) => `supervisor_process_restarts_total{process="${name}"} ${restarts}`,
    ),
    "# HELP supervisor_process_crash_looping Process ends again and again and is tried seldom (1=yes, 0=no)",
    "# TYPE supervisor_process_crash_looping gauge",
    ...processes.map(
      ({ name, status }) =>
        `supervisor_process_crash_looping{process="${name}"} ${status === "crash_looping" ? 1 : 0}`,
    ),
    "# HELP errors_total Total system errors",
    "# TYPE errors_total counter",
    `errors_total{component="supervisor",error_type="crash",severity="critical"} ${crashes}`,
    "# HELP process_resident_memory_bytes Resident memory of the process",
    "# TYPE process_resident_memory_bytes gauge",
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
    "# HELP process_cpu_seconds_total User and system time that the process took",
    "# TYPE process_cpu_seconds_total counter",
    `process_cpu_seconds_total ${(user + system) / 1e6}`,
    "# HELP process_start_time_seconds When the process started, seconds since the epoch",
    "# TYPE process_start_time_seconds gauge",
    `process_start_time_seconds ${performance.timeOrigin / 1_000}`,
    "",
  ].join("\n");
}

/** Longest request head, characters. */
const MAX_HEAD = 8_192;

/**
 * Answers one HTTP request on a connection: `GET /metrics`, else 404. For `serveUnix`. Written out, because
 * `node:http` costs this idle process 14 MB.
 */
export async function serveMetrics(socket: Socket, render: () => string): Promise<void> {
  let head = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    head += chunk;
    if (!head.includes("\r\n\r\n") && head.length < MAX_HEAD) continue;
    const found = /^GET \/metrics[ ?]/.test(head);
    const body = found ? render() : "only GET /metrics is served here\n";
    socket.write(
      `HTTP/1.1 ${found ? "200 OK" : "404 Not Found"}\r\n` +
        "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n" +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    return;
  }
}
