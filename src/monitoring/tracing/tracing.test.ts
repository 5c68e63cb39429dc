import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { cleanup } from "../../lib/cleanup.ts";
import { inject, span, withRemoteParent } from "./carrier.ts";
import { otlpReceiver } from "./otlp-receiver.ts";
import { tracingSettings } from "./settings.ts";
import { type Patience, startTracing, type Tracing } from "./tracing.ts";

const web = { role: "web", instance: "web", release: "r1" };
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$/;

let stops = cleanup();
afterEach(async () => {
  await stops.run();
  stops = cleanup();
});

async function begin(
  settings: object = {},
  onError?: (message: string) => void,
  patience?: Patience,
): Promise<Tracing> {
  const tracing = await startTracing(tracingSettings.parse(settings), web, onError, patience);
  stops.add("tracing", tracing.shutdown);
  return tracing;
}

async function receiver() {
  const received = await otlpReceiver();
  stops.add("receiver", received.close);
  return received;
}

/** Does the second half of the work in a process of its own, as a worker does. */
async function worker(otlpUrl: string, traceparent: string): Promise<void> {
  const own = (name: string) => JSON.stringify(new URL(name, import.meta.url));
  const program = `
    const { startTracing } = await import(${own("tracing.ts")});
    const { span, withRemoteParent } = await import(${own("carrier.ts")});
    const [otlpUrl, traceparent] = process.argv.slice(1);
    const identity = { role: "worker", instance: "worker-1", release: "r1" };
    const tracing = await startTracing({ otlpUrl, sampleRatio: 1 }, identity);
    await withRemoteParent(traceparent, "visit", {}, async () => {
      await span("capture", { frames: 3 }, async () => {});
      await span("detect", {}, async () => {});
    });
    await tracing.shutdown();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, otlpUrl, traceparent], {
    stdio: "inherit",
  });
  expect(await once(child, "exit")).toEqual([0, null]);
}

describe("tracing", () => {
  it("goes on in another process, each span under the right parent", async () => {
    const { url, spans } = await receiver();
    const tracing = await begin({ otlpUrl: url });
    await span("press", { door: "front" }, async () => worker(url, inject()!));
    await tracing.shutdown();

    const named = (name: string) => spans.find((span) => span.name === name)!;
    expect(spans.map(({ name }) => name).sort()).toEqual(["capture", "detect", "press", "visit"]);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(named("press").parentSpanId).toBeUndefined();
    expect(named("visit").parentSpanId).toBe(named("press").spanId);
    expect(named("capture").parentSpanId).toBe(named("visit").spanId);
    expect(named("detect").parentSpanId).toBe(named("visit").spanId);
    // OTLP counts kinds from 1 where the API counts from 0.
    expect(named("visit").kind).toBe(SpanKind.CONSUMER + 1);
    expect(named("capture").attributes).toEqual([{ key: "frames", value: { intValue: 3 } }]);
    expect(named("press").resource).toEqual({
      "service.name": "doorbell",
      "service.instance.id": "web",
      "service.version": "r1",
      "doorbell.role": "web",
    });
    expect(named("visit").resource["service.instance.id"]).toBe("worker-1");
  });

  it("keeps the context across awaits and timers, and apart between two at the same time", async () => {
    await begin();
    const seen = await Promise.all(
      ["a", "b"].map((name) =>
        span(name, {}, async (active) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return [active.spanContext().traceId, inject()?.split("-")[1]];
        }),
      ),
    );
    expect(seen[0]![0]).toBe(seen[0]![1]);
    expect(seen[1]![0]).toBe(seen[1]![1]);
    expect(seen[0]![0]).not.toBe(seen[1]![0]);
  });

  it("has trace ids without a receiver, and records nothing", async () => {
    await begin();
    const recording = await span("press", {}, async (active) => {
      expect(inject()).toMatch(TRACEPARENT);
      expect(inject()?.endsWith("-00")).toBe(true);
      return active.isRecording();
    });
    expect(recording).toBe(false);
    expect(inject()).toBeUndefined();
  });

  it("has none before it begins and after it ends", async () => {
    expect(await span("press", {}, () => inject())).toBeUndefined();
    const tracing = await begin();
    expect(await span("press", {}, () => inject())).toMatch(TRACEPARENT);
    await tracing.shutdown();
    expect(await span("press", {}, () => inject())).toBeUndefined();
  });

  it("begins a new trace where what it is given is no traceparent", async () => {
    await begin();
    for (const wrong of [undefined, null, "", "nonsense", `00-${"0".repeat(32)}-${"0".repeat(16)}-01`]) {
      const inside = await withRemoteParent(wrong, "visit", {}, () => inject());
      expect(inside).toMatch(TRACEPARENT);
      expect(inside).not.toContain("0".repeat(32));
    }
  });

  it("records what was thrown without its secrets, and lets it pass", async () => {
    const { url, spans } = await receiver();
    const tracing = await begin({ otlpUrl: url });
    const failure = new Error("connect with password=hunter2");
    await expect(span("notify", {}, () => Promise.reject(failure))).rejects.toBe(failure);
    await tracing.shutdown();
    expect(spans[0]?.status).toEqual({
      code: SpanStatusCode.ERROR,
      message: "connect with password=[redacted]",
    });
    expect(spans[0]?.events[0]?.name).toBe("exception");
    const recorded = JSON.stringify(spans[0]);
    expect(recorded).toContain("tracing.test.ts");
    expect(recorded).not.toContain("hunter2");
  });

  it("samples the traces begun here, and obeys those begun elsewhere", async () => {
    const { url, spans } = await receiver();
    const tracing = await begin({ otlpUrl: url, sampleRatio: 0 });
    const elsewhere = (flags: string) => `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}`;
    await span("here", {}, () => {});
    await withRemoteParent(elsewhere("00"), "unsampled elsewhere", {}, () => {});
    await withRemoteParent(elsewhere("01"), "sampled elsewhere", {}, () => {});
    await tracing.shutdown();
    expect(spans.map(({ name }) => name)).toEqual(["sampled elsewhere"]);
  });

  it("sends to a receiver below a path", async () => {
    const received = await otlpReceiver("/otlp/v1/traces");
    stops.add("receiver", received.close);
    const errors: string[] = [];
    const tracing = await begin({ otlpUrl: `${received.url}/otlp` }, (message) => errors.push(message));
    await span("press", {}, () => {});
    await tracing.shutdown();
    expect(errors).toEqual([]);
    expect(received.spans).toHaveLength(1);
  });

  it("loses spans and nothing else when the receiver is away, and says so", async () => {
    const gone = await otlpReceiver();
    await gone.close();
    const errors: string[] = [];
    const patience = { exportMs: 100, farewellMs: 60_000 };
    const tracing = await begin({ otlpUrl: gone.url }, (message) => errors.push(message), patience);
    expect(await span("press", {}, () => "done")).toBe("done");
    await tracing.shutdown();
    expect(errors.join()).toContain("ECONNREFUSED");
  });

  it("does not wait for a receiver that never answers when the process ends", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    stops.add("receiver", () => {
      silent.close();
      silent.closeAllConnections();
    });
    const otlpUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const errors: string[] = [];
    const patience = { exportMs: 5_000, farewellMs: 50 };
    const tracing = await begin({ otlpUrl }, (message) => errors.push(message), patience);
    await span("press", {}, () => {});
    await tracing.shutdown();
    // Had it waited, the time-out of the receiver would have been told.
    expect(errors).toEqual([]);
  });
});
