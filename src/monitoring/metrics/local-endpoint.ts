import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import { type ExpositionServer, serveExposition } from "./exposition-server.ts";
import { MetricsError } from "./metrics-error.ts";
import type { Exposer } from "./registry.ts";

/** How the metrics sockets in the run folder end; before it stands the instance. */
export const SOCKET_ENDING = ".metrics.sock";

/** `sockaddr_un.sun_path` (unix(7)) holds 107 bytes; Node would cut a longer path off without a word. */
const LONGEST_PATH = 107;

/**
 * Serves `GET /metrics` of this process on `INSTANCE.metrics.sock` in the run folder, for its owner alone. A
 * socket that a killed process of the same name left behind is replaced; closing removes it.
 * @throws MetricsError `metrics_socket_unusable`
 */
export async function serveMetrics(
  runFolder: string,
  instance: string,
  metrics: Exposer,
): Promise<ExpositionServer> {
  const path = join(runFolder, instance + SOCKET_ENDING);
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
