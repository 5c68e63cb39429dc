import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { cleanup } from "../lib/cleanup.ts";
import { createLogger } from "../monitoring/logging/logger.ts";
import { loggingSettings } from "../monitoring/logging/settings.ts";
import { otlpReceiver } from "../monitoring/tracing/otlp-receiver.ts";
import { tracingSettings } from "../monitoring/tracing/settings.ts";
import { startTracing } from "../monitoring/tracing/tracing.ts";
import { ChannelError } from "../notifications/channel.ts";
import type { HeldDelivery } from "../notifications/leasing.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { deliveryWatch } from "./delivery-watch.ts";
import { failures } from "./failures.ts";

const identity = { role: "ops", instance: "ops", release: "r1" };
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PRESS = "00f067aa0ba902b7";
const delivery: HeldDelivery = {
  id: "d1",
  lease: "l",
  channel: "phone",
  kind: "visit",
  rule: "r",
  urgent: false,
  visitId: "v1",
  traceparent: `00-${TRACE}-${PRESS}-01`,
  content: {},
  attempt: 2,
  uncertain: false,
  createdAt: 0,
};
const selfTest: HeldDelivery = { ...delivery, kind: "self_test", visitId: null, traceparent: null };
const failing = new ChannelError("deliver to phone: status 500", {
  code: "channel_failing",
  hint: "Look at the receiver.",
  retryable: true,
  cause: new Error("550 no mailbox for somebody@home.example"),
});

let stops = cleanup();
afterEach(async () => {
  await stops.run();
  stops = cleanup();
});

function watching() {
  const folder = temporaryFolder();
  const log = createLogger(loggingSettings.parse({ console: "off" }), identity, { folder });
  stops.add("log", log.close);
  const counted: unknown[] = [];
  const errorsTotal = { inc: (labels: object) => counted.push(labels) };
  return {
    watch: deliveryWatch({ log: log.logger, failed: failures(log.logger, errorsTotal) }),
    counted,
    async text() {
      await log.close();
      return readFileSync(join(folder, "ops.log"), "utf8");
    },
  };
}

const parse = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it("logs and counts each try that failed, with the visit and the trace also where no tracing runs", async () => {
  const { watch, counted, text } = watching();
  watch.onFailed(delivery, failing, "waiting");
  watch.onFailed(delivery, failing, "dead");
  watch.onSent(delivery);
  watch.onSent(selfTest);
  const labels = { component: "notifications", error_type: "unavailable" };
  expect(counted).toEqual([
    { ...labels, severity: "warning" },
    { ...labels, severity: "error" },
  ]);
  const written = await text();
  const ids = { "doorbell.delivery": "d1", "doorbell.channel": "phone", "doorbell.attempt": 2 };
  const ofVisit = { ...ids, "visit.id": "v1", "trace.id": TRACE };
  const failure = {
    ...ofVisit,
    "doorbell.hint": "Look at the receiver.",
    error: expect.objectContaining({ code: "channel_failing", message: "deliver to phone: status 500" }),
  };
  const lines = parse(written);
  expect(lines).toMatchObject([
    { ...failure, "log.level": "warn" },
    { ...failure, "log.level": "error" },
    { ...ofVisit, "log.level": "info", message: "delivery sent" },
    { ...ids, message: "delivery sent" },
  ]);
  expect(lines[3]).not.toHaveProperty(["visit.id"]);
  // What caused it may quote an address.
  expect(written).not.toContain("somebody");
});

it("has a span for each try in the trace of its visit, marked where it failed, and a new trace without a visit", async () => {
  const receiver = await otlpReceiver();
  stops.add("receiver", receiver.close);
  const tracing = await startTracing(tracingSettings.parse({ otlpUrl: receiver.url }), identity);
  const { watch, text } = watching();
  await watch.inTrace(delivery, async () => watch.onFailed(delivery, failing, "waiting"));
  await watch.inTrace(delivery, async () => watch.onSent(delivery));
  await watch.inTrace(selfTest, async () => watch.onSent(selfTest));
  await tracing.shutdown();
  const [failed, sent, alone] = receiver.spans;
  expect(failed).toMatchObject({ name: "deliver", traceId: TRACE, parentSpanId: PRESS, status: { code: 2 } });
  expect(Object.fromEntries(failed!.attributes.map(({ key, value }) => [key, value]))).toEqual({
    "doorbell.channel": { stringValue: "phone" },
    "doorbell.delivery": { stringValue: "d1" },
    "doorbell.attempt": { intValue: 2 },
    "visit.id": { stringValue: "v1" },
  });
  expect(sent).toMatchObject({ name: "deliver", traceId: TRACE, parentSpanId: PRESS });
  expect(sent!.status.code ?? 0).toBe(0);
  expect(alone!.traceId).not.toBe(TRACE);
  expect(parse(await text()).map((line) => [line["trace.id"], line["span.id"]])).toEqual([
    [TRACE, failed!.spanId],
    [TRACE, sent!.spanId],
    [alone!.traceId, alone!.spanId],
  ]);
});
