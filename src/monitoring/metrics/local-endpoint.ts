import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import { type ExpositionServer, serveExposition } from "./exposition-server.ts";
import { MetricsError } from "./metrics-error.ts";
import type { Exposer } from "./registry.ts";

/** How metrics sockets end. */
const ENDING = ".metrics.sock";

/** The name of an instance's metrics socket. Any text can be an instance, also one with a `/`. */
export function metricsSocket(instance: string): string {
  return encodeURIComponent(instance) + ENDING;
}

/** The metrics sockets among the files of a run folder, with the instance that each is called after. */
export function metricsSockets(files: readonly string[]): { file: string; instance: string }[] {
  return files
    .filter((file) => file.endsWith(ENDING))
    .map((file) => ({ file, instance: decodeURIComponent(file.slice(0, -ENDING.length)) }));
}

/** `sockaddr_un.sun_path` (unix(7)) holds 107 bytes; Node would cut a longer path off without a word. */
const LONGEST_PATH = 107;

/**
 * Serves `GET /metrics` of this process on its socket in the run folder, for its owner alone. A
 * socket that a killed process of the same name left behind is replaced; closing removes it.
 * @throws MetricsError `metrics_socket_unusable`
 */
export async function serveMetrics(
  runFolder: string,
  instance: string,
  metrics: Exposer,
): Promise<ExpositionServer> {
  const path = join(runFolder, metricsSocket(instance));
  try {
    if (Buffer.byteLength(path) > LONGEST_PATH) throw new Error("path too long for a UNIX socket");
    await rm(path, { force: true });
    const server = await serveExposition({ path }, () => metrics.exposition());
    await chmod(path, 0o600);
    return server;
  } catch (cause) {
    throw new MetricsError(`serve metrics on ${path}: ${messageOf(cause)}`, {
      code: "metrics_socket_unusable",
      hint: "The run folder must be writable, on a local disk, with a path below 80 letters.",
      cause,
    });
  }
}
