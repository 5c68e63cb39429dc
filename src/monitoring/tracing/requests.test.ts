import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inject, span } from "./carrier.ts";
import { otlpReceiver, type ReceivedSpan } from "./otlp-receiver.ts";
import { traceRequests } from "./requests.ts";
import { startTracing, type Tracing } from "./tracing.ts";

const CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

let receiver: Awaited<ReturnType<typeof otlpReceiver>>;
let tracing: Tracing;
let app: FastifyInstance;
let url: string;

beforeEach(async () => {
  receiver = await otlpReceiver();
  const identity = { role: "web", instance: "web", release: "r1" };
  tracing = await startTracing({ otlpUrl: receiver.url, sampleRatio: 1 }, identity);
  app = Fastify();
  traceRequests(app);
});

afterEach(async () => {
  await app.close();
  await tracing.shutdown();
  await receiver.close();
});

async function listen(): Promise<void> {
  url = await app.listen({ host: "127.0.0.1", port: 0 });
}

/** The spans that were sent, by name. */
async function sent(): Promise<(name: string) => ReceivedSpan> {
  await app.close();
  await tracing.shutdown();
  return (name) => receiver.spans.find((span) => span.name === name)!;
}

const attribute = (span: ReceivedSpan, name: string) =>
  Object.values(span.attributes.find(({ key }) => key === name)?.value ?? {})[0];

describe("tracing requests", () => {
  it("continues the caller's trace, through the body, into the handler", async () => {
    let carried: string | undefined;
    app.post("/api/doors/:door/press", async () => {
      carried = inject();
      return span("commit", {}, async () => "ok");
    });
    await listen();
    await fetch(`${url}/api/doors/front/press?token=s3cret`, {
      method: "POST",
      headers: { traceparent: CALLER, "content-type": "application/json" },
      body: JSON.stringify({ frame: "x".repeat(100_000) }),
    });
    const named = await sent();
    const press = named("POST /api/doors/:door/press");
    expect(press).toMatchObject({
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      parentSpanId: "00f067aa0ba902b7",
      kind: SpanKind.SERVER + 1,
    });
    expect(carried).toBe(`00-${press.traceId}-${press.spanId}-01`);
    expect(named("commit").parentSpanId).toBe(press.spanId);
    expect(attribute(press, "http.response.status_code")).toBe(200);
    expect(attribute(press, "url.path")).toBe("/api/doors/front/press");
    expect(JSON.stringify(press)).not.toContain("s3cret");
  });

  it("keeps the requests of one connection apart", async () => {
    const seen: (string | undefined)[] = [];
    app.get("/a", async () => void seen.push(inject()));
    await listen();
    const client = connect(Number(new URL(url).port), "127.0.0.1");
    client.write("GET /a HTTP/1.1\r\nhost: x\r\n\r\nGET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    client.resume();
    await once(client, "end");
    expect(seen).toHaveLength(2);
    expect(seen[0]?.split("-")[1]).not.toBe(seen[1]?.split("-")[1]);
  });

  it("marks what failed here, and not what the client did wrong", async () => {
    app.get("/broken", () => Promise.reject(new Error("token=s3cret broke")));
    app.get("/wrong", () => Promise.reject(Object.assign(new Error("no such thing"), { statusCode: 404 })));
    await listen();
    for (const path of ["/broken", "/wrong", "/nowhere"]) await fetch(url + path);
    const named = await sent();
    expect(named("GET /broken").status).toEqual({
      code: SpanStatusCode.ERROR,
      message: "token=[redacted] broke",
    });
    expect(named("GET /broken").events).toHaveLength(1);
    expect(named("GET /wrong")).toMatchObject({ status: { code: SpanStatusCode.UNSET }, events: [] });
    expect(attribute(named("GET"), "http.response.status_code")).toBe(404);
  });

  it("ends the span of a request whose client left", async () => {
    const begun = new Promise<ServerResponse>((resolve) => {
      app.get("/slow", (_, reply) => resolve(reply.raw));
    });
    await listen();
    const client = connect(Number(new URL(url).port), "127.0.0.1");
    client.write("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    const slow = await begun;
    client.destroy();
    await once(slow, "close");
    expect((await sent())("GET /slow")).toBeDefined();
  });
});
