import { setTimeout as sleep } from "node:timers/promises";
import { context, DiagLogLevel, diag, propagation, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-node";
import { messageOf } from "../../lib/errors.ts";
import type { TracingSettings } from "./settings.ts";

/** Who traces. */
export interface TraceIdentity {
  readonly role: string;
  readonly instance: string;
  readonly release: string;
}

/** Tracing of this process, while it runs. */
export interface Tracing {
  /** Sends what is recorded, as far as there is time, and ends tracing. */
  shutdown(): Promise<void>;
}

/** How long the receiver of spans is waited for. */
export interface Patience {
  /** For one batch, retries included, ms. */
  readonly exportMs: number;
  /** For the last spans when the process ends, ms. */
  readonly farewellMs: number;
}

const PATIENCE: Patience = { exportMs: 5_000, farewellMs: 2_000 };

/** Longest text of an attribute, UTF-16 units. */
const LONGEST_VALUE = 1_024;

/**
 * Begins tracing for this process: context across `await`, W3C Trace Context, and spans to the receiver of
 * the settings, if there is one. A receiver that is away costs spans, never anything else.
 * @param onError told of each failure to send
 */
export async function startTracing(
  settings: TracingSettings,
  { role, instance, release }: TraceIdentity,
  onError: (message: string) => void = () => {},
  { exportMs, farewellMs } = PATIENCE,
): Promise<Tracing> {
  diag.setLogger(
    { error: onError, warn: onError, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      "service.name": "doorbell",
      "service.instance.id": instance,
      "service.version": release,
      "doorbell.role": role,
    }),
    spanLimits: { attributeValueLengthLimit: LONGEST_VALUE },
    ...(await destination(settings, exportMs)),
  });
  provider.register();

  async function end(): Promise<void> {
    const sent = provider.shutdown().catch((error: unknown) => onError(`send spans: ${messageOf(error)}`));
    await Promise.race([sent, sleep(farewellMs, undefined, { ref: false })]);
    for (const part of [trace, context, propagation, diag]) part.disable();
  }
  let ended: Promise<void> | undefined;
  return {
    shutdown() {
      ended ??= end();
      return ended;
    },
  };
}

async function destination({ otlpUrl, sampleRatio }: TracingSettings, timeoutMillis: number) {
  if (otlpUrl === undefined) return { sampler: new AlwaysOffSampler() };
  // 4 MB, and none of it is needed without a receiver.
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  const url = new URL("v1/traces", otlpUrl.endsWith("/") ? otlpUrl : `${otlpUrl}/`).href;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis });
  return {
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: timeoutMillis })],
  };
}
