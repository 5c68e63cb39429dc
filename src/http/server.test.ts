import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import type { FastifyInstance } from "fastify";
import { expect, it } from "vitest";
import { z } from "zod";
import { DoorbellError } from "../lib/errors.ts";
import { temporaryFolder } from "../testing/guard.ts";
import { type RouteDefinition, route } from "./route.ts";
import { expectProblem, type TestServer, testServer } from "./test-server.ts";

/** Sends bytes as they are and answers what comes back until the server closes. */
async function sendRaw(server: TestServer, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.write(bytes);
  return textOf(socket);
}

const open = (path: string, handler: RouteDefinition["handler"]): RouteDefinition =>
  route({ method: "GET", path, access: "open", summary: "for tests", handler });

it("answers nobody without credentials on any route that is not marked open", async () => {
  await using server = await testServer();
  for (const { method, path, access } of server.server.routes) {
    const answer = await server.ask(path.replace(":id", "1b4e28ba-2fa1-71d2-883f-0016d3cca427"), { method });
    if (access === "open") expect(answer.problem.code).not.toBe("unauthorised");
    else expectProblem(answer, 401, "unauthorised");
  }
});

it("wants credentials on a route that a plugin adds without a word on access", async () => {
  const late: RouteDefinition[] = [];
  await using server = await testServer({ routes: () => late });
  late.push(open("/api/late", () => "never reached"));
  expectProblem(await server.ask("/api/late"), 404, "not_found");

  const silent = {
    method: "GET",
    path: "/api/silent",
    summary: "x",
    handler: () => "secret",
  } as unknown as RouteDefinition;
  await using careless = await testServer({ routes: () => [silent] });
  expectProblem(await careless.ask("/api/silent"), 401, "unauthorised");
});

it("tells what went wrong as a problem, and of a fault of the program nothing at all", async () => {
  await using server = await testServer({
    routes: () => [
      open("/api/fault", () => {
        throw new TypeError("cannot read secret.key of undefined");
      }),
      open("/api/nothing-thrown", () => Promise.reject(undefined)),
      open("/api/full", () => {
        throw new DoorbellError("store picture: disk full", {
          code: "storage_full",
          hint: "free space",
          retryable: true,
        });
      }),
      open("/api/locked", () => {
        throw new DoorbellError("write: locked", { code: "storage_locked", hint: "wait", retryable: true });
      }),
      open("/api/heic", () => {
        throw new DoorbellError("read photo: heic", { code: "heic", hint: "send a JPEG" });
      }),
    ],
  });
  const fault = await server.ask("/api/fault");
  expectProblem(fault, 500, "internal");
  expect(fault.text).not.toContain("secret.key");
  expect(server.logged.join("\n")).toContain("request failed");
  expectProblem(await server.ask("/api/nothing-thrown"), 500, "internal");
  const full = await server.ask("/api/full");
  expectProblem(full, 507, "storage_full");
  expect(full.headers["retry-after"]).toBe("60");
  expect(full.problem).toMatchObject({
    detail: "store picture: disk full",
    hint: "free space",
    title: "Storage full",
  });
  const locked = await server.ask("/api/locked");
  expectProblem(locked, 503, "storage_locked");
  expect(locked.headers["retry-after"]).toBe("2");
  expectProblem(await server.ask("/api/heic"), 415, "heic");
  expectProblem(await server.ask("/api/none?x=1"), 404, "not_found");
  expectProblem(await server.ask("/%zz"), 400, "request_malformed");
});

it("names the fields that are wrong, in body, query and path", async () => {
  const routes = () => [
    route({
      method: "POST",
      path: "/api/things/:id",
      access: "open",
      summary: "for tests",
      params: z.strictObject({ id: z.uuid() }),
      query: z.strictObject({ limit: z.coerce.number().int().max(10).default(5) }),
      body: z.strictObject({ name: z.string(), boxes: z.array(z.object({ x: z.number() })) }),
      answers: { 200: z.object({ limit: z.number() }) },
      handler: ({ query, body }) => ({ limit: query.limit, leaked: body.name }),
    }),
  ];
  await using server = await testServer({ routes });
  const good = "/api/things/1b4e28ba-2fa1-71d2-883f-0016d3cca427";
  const post = (path: string, body: unknown) => server.ask(path, { method: "POST", body });

  const body = await post(good, { name: 1, boxes: [{ x: 1 }, { x: "2" }], nam: "" });
  expectProblem(body, 400, "request_invalid");
  expect(body.problem.errors?.map(({ in: place, field }) => `${place}:${field}`)).toEqual([
    "body:name",
    "body:boxes.1.x",
    "body:nam",
  ]);
  const query = await post(`${good}?limit=11`, { name: "", boxes: [] });
  expect(query.problem.errors).toMatchObject([{ in: "query", field: "limit" }]);
  const params = await post("/api/things/1", { name: "", boxes: [] });
  expect(params.problem.errors).toMatchObject([{ in: "params", field: "id" }]);

  const answer = await post(good, { name: "kept", boxes: [] });
  expect([answer.status, answer.text]).toEqual([200, '{"limit":5}']);
});

it("answers what is not HTTP with a problem and closes", async () => {
  await using server = await testServer();
  const host = "Host: x\r\n";
  expect(await sendRaw(server, "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n")).toMatch(
    /^HTTP\/1.1 400 .*"code":"request_malformed"/s,
  );
  expect(await sendRaw(server, `GET / HTTP/1.1\r\n${host}X: ${"y".repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431 .*"code":"headers_too_large"/s,
  );
  expect(
    await sendRaw(
      server,
      `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ),
  ).toMatch(/^HTTP\/1.1 400 /);
  expect(await sendRaw(server, "GET / HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
});

it("cuts a client that does not send its request in time, and a handler that does not answer", async () => {
  await using server = await testServer({
    settings: { requestTimeoutMs: 200 },
    routes: () => [open("/api/never", () => new Promise(() => {}))],
  });
  expect(
    await sendRaw(
      server,
      "POST /api/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
    ),
  ).toMatch(/^HTTP\/1.1 408 .*"code":"request_timed_out"/s);
  expectProblem(await server.ask("/api/never"), 503, "answer_timed_out");
});

it("sends every answer with headers that leave pages nothing to exploit", async () => {
  await using plain = await testServer();
  const answer = await plain.ask("/api/none");
  expect(answer.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(answer.headers["content-security-policy"]).not.toMatch(/unsafe|\*|http/);
  expect(answer.headers).toMatchObject({
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  });
  expect(answer.headers["strict-transport-security"]).toBeUndefined();
  expect((await plain.ask("/%zz")).headers["x-content-type-options"]).toBe("nosniff");
  await using secure = await testServer({ settings: { publicUrl: "https://door.example.org" } });
  expect((await secure.ask("/api/none")).headers["strict-transport-security"]).toBe("max-age=31536000");
});

it("serves the page's files to everybody and nothing beside them", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "page", "assets"), { recursive: true });
  writeFileSync(join(folder, "page", "index.html"), "<!doctype html>");
  writeFileSync(join(folder, "page", "assets", "app-1a2b.js"), "let x");
  writeFileSync(join(folder, "secret"), "secret");
  await using server = await testServer({ config: { pageFolder: join(folder, "page") } });
  const index = await server.ask("/");
  expect([index.status, index.text, index.headers["cache-control"]]).toEqual([
    200,
    "<!doctype html>",
    "no-cache",
  ]);
  expect(index.headers["content-security-policy"]).toContain("script-src 'self'");
  expect((await server.ask("/assets/app-1a2b.js")).headers["cache-control"]).toBe(
    "public, max-age=31536000, immutable",
  );
  for (const path of [
    "/../secret",
    "/..%2fsecret",
    "/assets/..%2f..%2fsecret",
    "/%2e%2e/secret",
    "//etc/passwd",
    "/assets",
  ]) {
    expectProblem(await server.ask(path), 404, "not_found");
  }
});

it("describes every route in OpenAPI, with what is open and what a problem looks like", async () => {
  await using server = await testServer();
  const { json } = await server.askLocal("/api/openapi.json");
  for (const { method, path, access } of server.server.routes) {
    const operation = json.paths[path.replace(/:(\w+)/g, "{$1}")][method.toLowerCase()];
    expect(operation.summary).toBeTruthy();
    expect(operation.security).toEqual(access === "open" ? [] : undefined);
    expect(operation.responses.default.content["application/problem+json"].schema.required).toContain("code");
  }
});

it("shows plugins every request, and logs it without its query or what opens a link", async () => {
  const seen: string[] = [];
  const plugin = (app: FastifyInstance): unknown =>
    app.addHook("onRequest", async (request) => void seen.push(request.url));
  await using server = await testServer({
    plugins: [plugin],
    routes: () => [open("/api/link/:token", () => "")],
  });
  await server.ask("/api/none?token=dbt_secret");
  expect(seen).toEqual(["/api/none?token=dbt_secret"]);
  expect(server.logged).toHaveLength(1);
  expect(JSON.parse(server.logged[0]!)).toMatchObject({
    http: { request: { method: "GET" }, response: { status_code: 404 } },
    url: { path: "/api/none" },
    client: { address: "127.0.0.1" },
  });
  await server.ask("/api/link/secret?sig=secret");
  expect(JSON.parse(server.logged[1]!)).toMatchObject({ url: { path: "/api/link/:token" } });
  expect(server.logged.join("\n")).not.toContain("secret");
});

it("limits how often one caller asks, by session or address, and not on the local socket", async () => {
  await using server = await testServer({ settings: { rateLimit: { perMinute: 10 } } });
  const cookie = await server.signInOwner();
  const statuses = async (ask: () => Promise<{ status: number }>): Promise<number[]> => {
    const answers: number[] = [];
    for (let i = 0; i < 11; i++) answers.push((await ask()).status);
    return answers;
  };
  expect(await statuses(() => server.ask("/api/session", { headers: { cookie } }))).toEqual([
    ...Array(10).fill(200),
    429,
  ]);
  expect((await statuses(() => server.ask("/api/session"))).at(-1)).toBe(429);
  const limited = await server.ask("/api/none");
  expectProblem(limited, 429, "rate_limited");
  expect(limited.headers["retry-after"]).toBe("6");
  expect(await statuses(() => server.askLocal("/api/session"))).toEqual(Array(11).fill(200));
  server.store.clock.advance(6_000);
  expect((await server.ask("/api/session", { headers: { cookie } })).status).toBe(200);
});

it("believes X-Forwarded-For from a trusted proxy alone", async () => {
  const routes = () => [open("/api/address", (request) => request.ip)];
  const headers = { "x-forwarded-for": "203.0.113.7" };
  await using direct = await testServer({ routes });
  expect((await direct.ask("/api/address", { headers })).text).toBe("127.0.0.1");
  await using proxied = await testServer({ routes, settings: { trustedProxies: ["127.0.0.0/8"] } });
  expect((await proxied.ask("/api/address", { headers })).text).toBe("203.0.113.7");
});
