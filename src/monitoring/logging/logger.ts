import { hostname } from "node:os";
import { ecsFormat } from "@elastic/ecs-pino-format";
import { trace } from "@opentelemetry/api";
import { type Logger, levels, pino } from "pino";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { readableLine } from "./readable.ts";
import { redactLine } from "./redaction.ts";
import { rotatingFile } from "./rotating-file.ts";
import type { Level, LoggingSettings } from "./settings.ts";

/** Who logs. */
export interface LogIdentity {
  /** `web`, `worker`, `ops`, `supervisor`, or the name of a command. */
  readonly role: string;
  /** Unique among the processes that run at the same time; the log file is called after it. */
  readonly instance: string;
  readonly release: string;
}

/** Where the log goes. */
export interface LogDeps {
  /** Folder of the log files, such as `data/logs`. */
  readonly folder: string;
  readonly clock?: Pick<Clock, "now">;
  /** Standard output by default. */
  readonly stdout?: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** The log of this process. */
export interface Log {
  readonly logger: Logger;
  /** Takes effect at once, in every child logger too. */
  setLevel(level: Level): void;
  /** Writes what still waits, and closes. */
  close(): Promise<void>;
}

const CORRELATED = Symbol("correlated");

/** A child logger whose lines all bear the visit and the trace. */
export function correlate(logger: Logger, visitId: string, traceId?: string): Logger {
  const child = logger.child({ "visit.id": visitId, ...(traceId && { "trace.id": traceId }) });
  return Object.assign(child, traceId && { [CORRELATED]: true });
}

/**
 * Opens the log of this process: JSON lines in Elastic Common Schema in `INSTANCE.log`, and readable lines on
 * standard output. Secrets and names of people are taken out of every line, whoever wrote it. Inside an active
 * span a line bears its trace and span.
 */
export function createLogger(settings: LoggingSettings, identity: LogIdentity, deps: LogDeps): Log {
  const { folder, clock = systemClock(), stdout = process.stdout } = deps;
  const onConsole = settings.console === "on" || (settings.console === "auto" && stdout.isTTY === true);
  let threshold = levels.values[settings.level]!;
  // Whoever read it may go: a log must not stop the program.
  if (onConsole) stdout.on("error", () => {});

  const file = rotatingFile(
    { folder, name: encodeURIComponent(identity.instance), ...settings },
    {
      clock,
      onFailure: (error) => process.stderr.write(`doorbell: write log in ${folder}: ${messageOf(error)}\n`),
      onLost: (lines) =>
        logger.warn({ "log.lost": lines }, "lines of the log were lost while it could not be written"),
    },
  );
  const logger = pino(
    {
      ...ecsOptions(identity),
      // Everything passes pino, and `logMethod` holds it back: a child of pino would keep the level of its birth.
      level: "trace",
      mixin: activeSpan,
      hooks: {
        logMethod(args, method, level) {
          if (level >= threshold) method.apply(this, args);
        },
        streamWrite: redactLine,
      },
    },
    {
      write(line: string) {
        file.write(line);
        if (onConsole) stdout.write(readableLine(line, stdout.isTTY));
      },
    },
  );
  process.on("exit", file.flushSync);
  return {
    logger,
    setLevel(level) {
      threshold = levels.values[level]!;
    },
    async close() {
      process.off("exit", file.flushSync);
      await file.close();
    },
  };
}

function ecsOptions({ role, instance, release }: LogIdentity) {
  const ecs = ecsFormat({
    serviceName: "doorbell",
    serviceVersion: release,
    serviceNodeName: instance,
    convertReqRes: true,
    apmIntegration: false,
  });
  return {
    ...ecs,
    base: { pid: process.pid, hostname: hostname(), "service.node.roles": [role] },
    formatters: {
      ...ecs.formatters,
      log({ err, req, res, ...fields }: Record<string, unknown>) {
        const told = ecs.formatters!.log!({ ...fields, req: rawOf(req), res: rawOf(res) });
        return err instanceof Error ? { ...told, error: describe(err) } : { ...told, err };
      },
    },
  };
}

/** What Fastify wraps: only the request and response of Node itself are understood. */
function rawOf(message: unknown): unknown {
  return (message as { raw?: unknown } | undefined)?.raw ?? message;
}

/** ECS's `error` with what ecs-pino-format leaves out: our code, and what caused it. */
function describe(error: Error): Record<string, unknown> {
  const stacks: string[] = [];
  for (let at: unknown = error; at !== undefined && stacks.length < 8; at = (at as Error).cause) {
    stacks.push(at instanceof Error ? (at.stack ?? at.message) : messageOf(at));
    if (!(at instanceof Error)) break;
  }
  return {
    type: error.name,
    message: error.message,
    code: (error as NodeJS.ErrnoException).code,
    stack_trace: stacks.join("\ncaused by: "),
  };
}

function activeSpan(_fields: object, _level: number, logger: Logger): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span) return {};
  // A key that comes twice is refused by Elasticsearch.
  return CORRELATED in logger
    ? { "span.id": span.spanId }
    : { "trace.id": span.traceId, "span.id": span.spanId };
}
