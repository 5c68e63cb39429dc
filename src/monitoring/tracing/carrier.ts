import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { redactText } from "../logging/redaction.ts";

/** The tracer of this program, as long as tracing runs; else one whose spans do nothing. */
export function tracer(): Tracer {
  return trace.getTracer("doorbell");
}

/**
 * The active span as a W3C `traceparent`, to be kept with what goes on in another process, such as a row of
 * the queue; undefined where none is active.
 */
export function inject(): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

/**
 * Runs `work` inside a span, as child of the active one. What it throws is recorded (without secrets), marks
 * the span as failed, and passes through.
 */
export function span<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => T | Promise<T>,
): Promise<T> {
  return tracer().startActiveSpan(name, { attributes }, (active) => finish(active, work));
}

/**
 * As `span`, but the parent is the span that `inject` told in another process; a new trace begins where
 * `traceparent` is absent or malformed.
 */
export function withRemoteParent<T>(
  traceparent: string | null | undefined,
  name: string,
  attributes: Attributes,
  work: (span: Span) => T | Promise<T>,
): Promise<T> {
  const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
  return tracer().startActiveSpan(name, { attributes, kind: SpanKind.CONSUMER }, parent, (active) =>
    finish(active, work),
  );
}

async function finish<T>(span: Span, work: (span: Span) => T | Promise<T>): Promise<T> {
  try {
    return await work(span);
  } catch (error) {
    recordFailure(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span as failed by `error`, without its secrets. */
export function recordFailure(span: Span, error: unknown): void {
  const { name, message, stack = message } = error instanceof Error ? error : new Error(String(error));
  span.recordException({ name, message: redactText(message), stack: redactText(stack) });
  span.setStatus({ code: SpanStatusCode.ERROR, message: redactText(message) });
}
