import { z } from "zod";
import { restart } from "../../lib/settings.ts";

/** Where spans go. */
export const tracingSettings = restart(
  z
    .strictObject({
      otlpUrl: z
        .url({ protocol: /^https?$/, error: "give an address that starts with http:// or https://" })
        .optional()
        .describe(
          "Base address of an OTLP/HTTP receiver (Jaeger, a collector), such as http://127.0.0.1:4318; spans go to /v1/traces below it. Without one no span is recorded; trace ids are there all the same.",
        ),
      sampleRatio: z
        .number()
        .min(0)
        .max(1)
        .default(1)
        .describe(
          "Share of the traces begun here that are recorded; a trace begun elsewhere says so itself.",
        ),
    })
    .prefault({}),
);

/** Parsed `tracingSettings`. */
export type TracingSettings = z.infer<typeof tracingSettings>;
