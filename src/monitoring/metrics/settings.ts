import { z } from "zod";
import { restart } from "../../lib/settings.ts";

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1)$/;

/** Where the metrics of all processes are served, in Prometheus' format. */
export const metricsSettings = restart(
  z
    .strictObject({
      enabled: z.boolean().default(true).describe("Whether metrics are served."),
      host: z.string().min(1).default("127.0.0.1").describe("Address to serve metrics on."),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(8000)
        .describe("TCP port to serve metrics on; 0 picks a free one."),
      tokenFile: z
        .string()
        .min(1)
        .optional()
        .describe(
          "File with the bearer token that scrapers must bring. Without one only this machine may scrape.",
        ),
    })
    .refine(({ host, tokenFile }) => tokenFile !== undefined || LOOPBACK.test(host), {
      error: "an address that other machines reach needs a `tokenFile`",
      path: ["host"],
    })
    .prefault({}),
);

/** Parsed `metricsSettings`. */
export type MetricsSettings = z.infer<typeof metricsSettings>;
