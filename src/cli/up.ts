import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureUi } from "../../scripts/build-ui.ts";
import { compileAhead } from "../app/compile.ts";
import { foldersIn } from "../app/folders.ts";
import type { SuperviseOrder } from "../app/supervise.ts";
import { version } from "../app/version.ts";
import { messageOf } from "../lib/errors.ts";
import { defineCommand } from "./command.ts";

/** Checks the configuration, builds the page if it must, and becomes the supervisor. */
export const upCommand = defineCommand({
  examples: ["doorbell up", "doorbell up --config /etc/doorbell"],
  async run(_, { output, config, configSource, env }) {
    const { profile, dataDir, http, metrics, pipeline } = (await config()).value;
    const { host, port } = http;
    const page = await ensureUi().catch((error: unknown) => {
      // A door without a page is a door; the command line and all programs work.
      output.note(`doorbell: build the web page: ${messageOf(error)}`);
      return "";
    });
    await compileAhead().catch((error: unknown) => output.note(`doorbell: compile: ${messageOf(error)}`));
    const order: SuperviseOrder = {
      release: version,
      data: foldersIn(dataDir, version).data,
      config: resolve(await configSource()),
      page,
      workers: pipeline.workers,
      public: { host, port },
      metrics: { host: metrics.host, port: metrics.port },
      greeting: [
        `doorbell ${version}, profile ${profile}`,
        ...(profile === "demonstration"
          ? [
              "This is the demonstration: its door and its people are photos, and everything made of them says so.",
            ]
          : []),
        `  page       http://${urlHost(host)}:${port}`,
        ...(metrics.enabled ? [`  metrics    http://${urlHost(metrics.host)}:${metrics.port}/metrics`] : []),
        `  data       ${foldersIn(dataDir, version).data}`,
      ],
    };
    const entry = fileURLToPath(new URL("../app/supervise.ts", import.meta.url));
    process.execve!(process.execPath, [process.execPath, entry, JSON.stringify(order)], { ...env });
    return undefined;
  },
});

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
