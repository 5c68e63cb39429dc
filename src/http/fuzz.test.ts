import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { manualClock } from "../lib/clock.ts";
import { readUpload } from "./bodies.ts";
import { streamQuery } from "./event-stream.ts";
import { healthRoutes } from "./health-routes.ts";
import { problem } from "./problem.ts";
import { route } from "./route.ts";
import { type Answer, type Ask, testServer } from "./test-server.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "../../etc/passwd",
    "' or 1=1 --",
    "\u0000",
    "%00",
    "x".repeat(10_000),
    "𝕏\u202e",
    "-1",
    "NaN",
  ),
);
/** A body with the right fields and anything in them, so that it comes past the first check now and then. */
const nearlyRight = fc.record(
  { name: anyText, password: anyText, token: anyText, expiresInDays: fc.oneof(anyText, fc.integer()) },
  { requiredKeys: [] },
);
const asJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner)) ?? "null";
const anyBody = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: nearlyRight.map(asJson) },
  { weight: 2, arbitrary: fc.anything({ key: anyText, maxDepth: 4 }).map(asJson) },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2_000 }) },
);
const anyType = fc.oneof(
  { weight: 3, arbitrary: fc.constant("application/json") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "application/json; charset=utf-16",
      "image/jpeg",
      "multipart/form-data; boundary=x",
      "multipart/form-data",
      "text/plain",
      "",
      "/",
    ),
  },
);
const HEADERS = [
  "authorization",
  "cookie",
  "idempotency-key",
  "last-event-id",
  "origin",
  "sec-fetch-site",
  "x-forwarded-for",
  "accept",
  "expect",
];
const headerText = anyText.map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "?"));
const anyHeaders = fc.oneof(fc.constant({}), fc.dictionary(fc.constantFrom(...HEADERS), headerText));

/** Every answer is one of those promised: a result, or a problem that is no fault of the program. */
function expectPromised(answer: Answer): void {
  if (answer.status < 400) return;
  expect(answer.status < 500 || answer.status === 503 || answer.status === 507, answer.text).toBe(true);
  expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
  problem.parse(answer.json);
  if (answer.status > 500) expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
}

it("answers whatever is sent to any route, by anybody, with a result or a problem and never a fault", async () => {
  await using server = await testServer({
    settings: { rateLimit: { enabled: false }, jsonMaxBytes: 4_096, uploadMaxBytes: 1_024 },
    routes: ({ streams }) => [
      ...healthRoutes({ release: "r", instance: "i", clock: manualClock(), checks: [] }),
      route({
        method: "POST",
        path: "/api/photo",
        access: "signed-in",
        summary: "for tests",
        upload: true,
        handler: async (request) => ({ bytes: (await readUpload(request))?.bytes.length }),
      }),
      route({
        method: "GET",
        path: "/api/stream",
        access: "signed-in",
        summary: "for tests",
        query: streamQuery,
        handler: (request, reply) => {
          queueMicrotask(() => setTimeout(streams.end, 1));
          return streams.send(request, reply, { render: () => undefined });
        },
      }),
    ],
  });
  await server.signInOwner();
  const authorization = `Bearer ${await server.token()}`;
  const seen = new Set<number>();
  const anyCall = fc.record({
    target: fc.constantFrom(...server.server.routes),
    part: anyText,
    query: fc.option(fc.tuple(anyText, anyText)),
    type: anyType,
    headers: anyHeaders,
    body: anyBody,
    caller: fc.constantFrom("nobody", "token", "local"),
  });
  await fc.assert(
    fc.asyncProperty(anyCall, async ({ target, part, query, type, headers, body, caller }) => {
      const path = target.path.replace(/:\w+/, encodeURIComponent(part).slice(0, 12_000));
      const search = query ? `?${query.map(encodeURIComponent).join("=")}` : "";
      const credentials = caller === "token" ? { authorization } : {};
      const ask: Ask = {
        method: target.method,
        headers: { ...headers, "content-type": type, ...credentials },
        body,
      };
      const answer = await (caller === "local" ? server.askLocal : server.ask)(path + search, ask);
      seen.add(answer.status);
      expectPromised(answer);
    }),
    { numRuns: 400 },
  );
  expect([...seen], "it came past the first checks").toEqual(
    expect.arrayContaining([200, 204, 400, 401, 403, 415]),
  );
  expect(({} as Record<string, unknown>).extra).toBeUndefined();
  expect((await server.ask("/api/health")).status).toBe(200);
});

it("survives any bytes on its port, and lets no line break smuggle a header in or out", async () => {
  await using server = await testServer({ settings: { requestTimeoutMs: 500 } });
  const send = async (bytes: Uint8Array | string): Promise<string> => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.on("error", () => {});
    socket.end(bytes);
    return textOf(socket).catch(() => "");
  };
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: "binary" })),
      async (bytes) => {
        expect(await send(bytes)).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
      },
    ),
    { numRuns: 100 },
  );
  for (const head of [
    "GET / HTTP/1.1\nHost: x\n\n",
    "GET / HTTP/1.1\r\nHost: x\r\nA: b\rSet-Cookie: c\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nA: b\u0000c\r\n\r\n",
  ]) {
    expect(await send(head)).toMatch(/^HTTP\/1\.1 400 /);
  }
  const echoed = await send(
    "GET /api/%0d%0aSet-Cookie:%20a=b?x=%0d%0ay HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  );
  expect(echoed).toMatch(/^HTTP\/1\.1 404 /);
  expect(echoed).not.toMatch(/^set-cookie/im);
  expect(server.logged.every((line) => !line.includes("\n"))).toBe(true);
});
