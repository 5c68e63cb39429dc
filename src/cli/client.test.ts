import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/guard.ts";
import { type Call, type Client, createClient } from "./client.ts";
import { CliError } from "./exit.ts";

const running = new Set<{ close(done: () => void): unknown }>();
const idle = new AbortController().signal;

afterEach(async () => {
  for (const server of running) await new Promise<void>((done) => server.close(done));
  running.clear();
});

async function listening<S extends Server | ReturnType<typeof createTcpServer>>(
  server: S,
  path?: string,
): Promise<S> {
  await new Promise<void>((done) => (path ? server.listen(path, done) : server.listen(0, "127.0.0.1", done)));
  running.add(server);
  return server;
}

async function serve(listener: RequestListener, token?: string): Promise<Client> {
  const { port } = (await listening(createServer(listener))).address() as AddressInfo;
  return createClient({ url: `http://user:pass@127.0.0.1:${port}/base/`, token }, idle);
}

/** A server that reads up to the end of the request's head, then cuts. */
async function cutter(answer = ""): Promise<Client> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(answer, () => socket.destroy()));
  });
  const { port } = (await listening(server)).address() as AddressInfo;
  return createClient({ url: `http://127.0.0.1:${port}` }, idle);
}

async function failureOf(client: Client, call: Call): Promise<CliError> {
  const error = await client.send(call).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CliError);
  return error as CliError;
}

/** Answers everything with a problem. */
function problem(status: number, body: unknown): RequestListener {
  return (_, answer) =>
    answer.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
}

describe("a call", () => {
  it("goes over the socket of this machine, without a token", async () => {
    const socket = join(temporaryFolder(), "web.sock");
    const server = createServer((request, answer) =>
      answer.end(JSON.stringify({ path: request.url, headers: request.headers })),
    );
    await listening(server, socket);
    const answer = await createClient({ socket }, idle).send({ path: "/api/visits?limit=5" });
    expect(answer).toMatchObject({ path: "/api/visits?limit=5", headers: { accept: "application/json" } });
    expect(answer).not.toHaveProperty("headers.authorization");
  });

  it("goes to an address under its path, with the token, JSON or bytes, and headers", async () => {
    const client = await serve((request, answer) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method, url, headers } = request;
        answer.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
      });
    }, "t0k");
    expect(
      await client.send({
        method: "POST",
        path: "/api/x",
        json: { a: 1 },
        headers: { "idempotency-key": "k" },
      }),
    ).toMatchObject({
      method: "POST",
      url: "/base/api/x",
      headers: { authorization: "Bearer t0k", "content-type": "application/json", "idempotency-key": "k" },
      body: '{"a":1}',
    });
    const photo = { type: "image/jpeg", data: Buffer.from("jpeg") };
    expect(await client.send({ method: "PUT", path: "/", bytes: photo })).toMatchObject({
      headers: { "content-type": "image/jpeg" },
      body: "jpeg",
    });
  });

  it("takes an empty answer, and refuses one that is not JSON", async () => {
    expect(
      await (await serve((_, answer) => answer.writeHead(204).end())).send({ path: "/" }),
    ).toBeUndefined();
    expect(await failureOf(await serve((_, answer) => answer.end("<html>")), { path: "/" })).toMatchObject({
      exit: 1,
      code: "answer_unreadable",
    });
  });

  it("opens a stream", async () => {
    const client = await serve((_, answer) => answer.end("data: 1\n\n"));
    const chunks: string[] = [];
    for await (const chunk of await client.open({ path: "/stream" })) chunks.push(String(chunk));
    expect(chunks.join("")).toBe("data: 1\n\n");
  });
});

describe("a refusal", () => {
  it("keeps the system's reason, code and hint", async () => {
    const client = await serve(
      problem(409, {
        title: "conflict",
        detail: "add person: name taken",
        code: "person_exists",
        hint: "Choose another.",
      }),
    );
    expect(await failureOf(client, { method: "POST", path: "/" })).toMatchObject({
      exit: 3,
      message: "add person: name taken",
      code: "person_exists",
      hint: "Choose another.",
      retryable: false,
    });
  });

  it.each([
    ["GET", 404, 3, "http_404", false],
    ["GET", 401, 3, "http_401", false],
    ["POST", 429, 3, "http_429", true],
    ["POST", 500, 1, "http_500", false],
    ["POST", 503, 1, "http_503", true],
    ["POST", 502, 4, "http_502", false],
    ["GET", 502, 1, "http_502", true],
    ["POST", 504, 4, "http_504", false],
    ["GET", 302, 1, "http_302", false],
  ])("of %s with status %d exits with %d", async (method, status, exit, code, retryable) => {
    for (const body of [[], null, "text", { title: 7 }]) {
      expect(await failureOf(await serve(problem(status, body)), { method, path: "/" })).toMatchObject({
        exit,
        code,
        retryable,
      });
    }
  });

  it("is read no further than 64 KiB", async () => {
    const client = await serve((_, answer) => answer.writeHead(400).end("x".repeat(5_000_000)));
    expect((await failureOf(client, { path: "/" })).code).toBe("http_400");
  });
});

describe("a system that is not there", () => {
  it("is said to be not running, at its socket or address", async () => {
    const socket = join(temporaryFolder(), "web.sock");
    const local = await failureOf(createClient({ socket }, idle), { method: "POST", path: "/" });
    expect(local).toMatchObject({
      exit: 1,
      code: "not_running",
      hint: expect.stringContaining("doorbell up"),
    });
    const server = await listening(createTcpServer());
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => server.close(done));
    running.delete(server);
    const client = createClient({ url: `http://127.0.0.1:${port}`, token: "t0k" }, idle);
    const remote = await failureOf(client, {
      method: "POST",
      path: "/",
      json: { large: "x".repeat(1_000_000) },
    });
    expect(remote).toMatchObject({ exit: 1, code: "not_running" });
    expect(remote.message + remote.hint).not.toContain("t0k");
  });

  it("is waited for while its supervisor listens, unless there is no time", async () => {
    const folder = temporaryFolder();
    const socket = join(folder, "web.sock");
    const supervisor = join(folder, "supervisor.sock");
    const client = createClient({ socket, supervisor }, idle);
    await listening(
      createTcpServer((asking) => {
        asking.destroy();
        listening(
          createServer((_, answer) => answer.end("1")),
          socket,
        );
      }),
      supervisor,
    );
    expect((await failureOf(client, { path: "/", isUrgent: true })).code).toBe("not_running");
    expect(await client.send({ method: "POST", path: "/" })).toBe(1);
  });

  it("is waited for no longer than the command is wanted", async () => {
    const folder = temporaryFolder();
    const supervisor = join(folder, "supervisor.sock");
    const stop = new AbortController();
    await listening(
      createTcpServer((asking) => {
        asking.destroy();
        stop.abort();
      }),
      supervisor,
    );
    const client = createClient({ socket: join(folder, "web.sock"), supervisor }, stop.signal);
    expect((await failureOf(client, { path: "/" })).code).toBe("stopped");
  });

  it("is named without the credentials of its address", async () => {
    const { message } = await failureOf(
      createClient({ url: "http://user:hunter2@doorbell.invalid:1" }, idle),
      { path: "/" },
    );
    expect(message).toContain("http://doorbell.invalid:1");
    expect(message).not.toContain("hunter2");
  });

  it("has an address that is one", () => {
    for (const url of ["nowhere", "ftp://x", "http://"])
      expect(() => createClient({ url }, idle)).toThrow("not a URL");
  });
});

describe("a connection that breaks", () => {
  it("leaves an act unknown once it was sent, and a question failed", async () => {
    expect(await failureOf(await cutter(), { method: "POST", path: "/", json: {} })).toMatchObject({
      exit: 4,
      code: "outcome_unknown",
    });
    expect(await failureOf(await cutter(), { method: "DELETE", path: "/" })).toMatchObject({ exit: 4 });
    expect(await failureOf(await cutter(), { path: "/" })).toMatchObject({
      exit: 1,
      code: "connection_cut",
      retryable: true,
    });
  });

  it("leaves an act unknown in the middle of the answer, too", async () => {
    const half = "HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{";
    expect((await failureOf(await cutter(half), { method: "POST", path: "/" })).exit).toBe(4);
    expect((await failureOf(await cutter(half), { path: "/" })).exit).toBe(1);
  });

  it("leaves an act failed while its body is still being sent", async () => {
    const data = Buffer.alloc(64_000_000);
    const call = { method: "POST", path: "/", bytes: { type: "x/y", data } };
    expect(await failureOf(await cutter(), call)).toMatchObject({
      exit: 1,
      code: "connection_cut",
      hint: expect.stringContaining("Nothing was done"),
    });
  });

  it("before anything was sent leaves nothing done", async () => {
    const client = createClient({ url: "http://127.0.0.1:1" }, AbortSignal.abort());
    expect(await failureOf(client, { method: "POST", path: "/" })).toMatchObject({
      exit: 1,
      code: "stopped",
    });
  });
});
