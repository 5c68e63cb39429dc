import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { type TestStore, testStore } from "../testing/database.ts";
import { type Access, openAccess } from "./access/access.ts";
import type { SecurityEvent } from "./access/security-event.ts";
import { createSetupLink } from "./access/setup.ts";
import { type EventStreams, eventStreams, type StreamConfig } from "./event-stream.ts";
import { type Problem, problem } from "./problem.ts";
import type { RouteDefinition } from "./route.ts";
import { createServer, type HttpServer, type ServerConfig, type ServerDeps } from "./server.ts";
import { httpSettings } from "./settings.ts";

/** The owner of the test server. */
export const OWNER = { name: "Olga", password: "drei Äpfel am Tor" };

/** An answer, its body as text and, where it is JSON, as data. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
  readonly problem: Problem;
}

/** What is asked of the server. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent as JSON unless it is text or bytes. */
  readonly body?: unknown;
}

/** A whole server on loopback, with a database of its own. */
export interface TestServer extends AsyncDisposable {
  readonly store: TestStore;
  readonly access: Access;
  readonly streams: EventStreams;
  readonly server: HttpServer;
  readonly url: string;
  readonly socket: string;
  readonly securityEvents: SecurityEvent[];
  /** Every line of the log as JSON. */
  readonly logged: string[];
  ask(path: string, ask?: Ask): Promise<Answer>;
  /** The same over the local socket. */
  askLocal(path: string, ask?: Ask): Promise<Answer>;
  /** Makes the owner and answers the session's cookie pair. */
  signInOwner(): Promise<string>;
  /** Makes an API token. */
  token(): Promise<string>;
}

/** What a test server is made with. */
export interface TestServerOptions extends Pick<ServerDeps, "plugins"> {
  readonly settings?: Parameters<typeof httpSettings.parse>[0];
  readonly config?: Partial<Pick<ServerConfig, "pageFolder">>;
  readonly streaming?: Partial<StreamConfig>;
  routes?(parts: { store: TestStore; streams: EventStreams }): RouteDefinition[];
}

/** Starts a `TestServer`; `await using` stops it. */
export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const store = await testStore();
  const { database, clock } = store;
  const settings = httpSettings.parse({ drainTimeoutMs: 2_000, ...(options.settings as object) });
  const securityEvents: SecurityEvent[] = [];
  const logged: string[] = [];
  const write = (facts: object, message: string): void =>
    void logged.push(JSON.stringify({ message, ...facts }));
  const log = { info: write, error: write };

  const access = await openAccess(settings, {
    database,
    clock,
    onSecurityEvent: (e) => securityEvents.push(e),
  });
  const streams = eventStreams(
    { maxStreams: settings.maxEventStreams, ...options.streaming },
    { database, callers: access.callers, log },
  );
  const routes = options.routes?.({ store, streams }) ?? [];
  const deps = { access, streams, clock, log, routes, ...(options.plugins && { plugins: options.plugins }) };
  const server = await createServer({ ...settings, release: "test", ...options.config }, deps);
  const socket = join(store.folder, "local.sock");
  const url = await server.listen({ network: { host: "127.0.0.1", port: 0 }, localSocket: socket });

  const askTcp = (path: string, ask?: Ask): Promise<Answer> => send({ url, path }, ask);
  const askLocal = (path: string, ask?: Ask): Promise<Answer> => send({ socket, path }, ask);
  return {
    store,
    access,
    streams,
    server,
    url,
    socket,
    securityEvents,
    logged,
    ask: askTcp,
    askLocal,
    async signInOwner() {
      const { token } = await createSetupLink(database, { actor: "system", origin: "-", at: clock.now() });
      const answer = await askTcp("/api/setup", { method: "POST", body: { token, ...OWNER } });
      return cookieOf(answer);
    },
    async token() {
      const answer = await askLocal("/api/tokens", { method: "POST", body: { name: "test" } });
      return answer.json.token as string;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      access.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Every refusal and failure looks like this, and tells nothing of the program's inside. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
  expect(z.strictObject(problem.shape).parse(answer.json)).toMatchObject({
    type: `urn:problem-type:doorbell:${code}`,
    code,
    status,
    instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
  });
  expect(answer.status).toBe(status);
  expect(answer.problem.hint).not.toBe("");
  expect(answer.text).not.toMatch(/node_modules|\bat .*\.ts|node:internal/);
}

/** The `name=value` that a browser would send back. */
export function cookieOf(answer: Answer): string {
  return answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

function send(
  target: { url: string; path: string } | { socket: string; path: string },
  { method = "GET", headers = {}, body }: Ask = {},
): Promise<Answer> {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  const payload = body === undefined || isRaw ? body : JSON.stringify(body);
  const allHeaders = {
    ...(body !== undefined && !isRaw ? { "content-type": "application/json" } : {}),
    ...(payload === undefined ? {} : { "content-length": String(Buffer.byteLength(payload as string)) }),
    ...headers,
  };
  const where =
    "url" in target ? { host: "127.0.0.1", port: new URL(target.url).port } : { socketPath: target.socket };
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { ...where, path: target.path, method, headers: allHeaders, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const json = response.headers["content-type"]?.includes("json") ? JSON.parse(text) : undefined;
          resolve({ status: response.statusCode!, headers: response.headers, text, json, problem: json });
        });
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(payload);
  });
}
