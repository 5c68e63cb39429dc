import { get, type IncomingMessage } from "node:http";
import fc from "fast-check";
import { expect, it } from "vitest";
import { appendEvent, type DomainEvent } from "../storage/events.ts";
import { streamQuery } from "./event-stream.ts";
import { route } from "./route.ts";
import { expectProblem, type TestServer, type TestServerOptions, testServer } from "./test-server.ts";

/** One block of a stream. */
interface Block {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** A browser's side of a stream: reads block by block and may stop at any of them. */
interface Client extends AsyncDisposable {
  /** The next block that is not a comment; undefined at the end. */
  next(): Promise<Block | undefined>;
  readonly response: IncomingMessage;
}

async function openClient(url: string, headers: Record<string, string>): Promise<Client> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get(url, { headers, agent: false }, resolve).on("error", reject),
  );
  const blocks = parse(response);
  return {
    response,
    async next() {
      const { value } = await blocks.next();
      return value;
    },
    async [Symbol.asyncDispose]() {
      response.destroy();
    },
  };
}

async function* parse(response: IncomingMessage): AsyncGenerator<Block, undefined> {
  let text = "";
  try {
    for await (const chunk of response) {
      text += String(chunk);
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const lines = text.slice(0, end).split("\n");
        text = text.slice(end + 2);
        const fields = lines
          .filter((line) => !line.startsWith(":"))
          .map((line) => line.split(/: (.*)/s).slice(0, 2));
        if (fields.length > 0) yield Object.fromEntries(fields) as Block;
      }
    }
  } catch {
    // The connection was cut: the stream is over.
  }
  return undefined;
}

const streaming = (options: TestServerOptions = {}): Promise<TestServer> =>
  testServer({
    ...options,
    routes: ({ streams }) => [
      route({
        method: "GET",
        path: "/api/stream",
        access: "signed-in",
        summary: "for tests",
        query: streamQuery,
        handler: (request, reply) =>
          streams.send(request, reply, {
            prefix: "visit.",
            render: ({ subject, payload }) => (subject === "hidden" ? undefined : { subject, ...payload }),
          }),
      }),
    ],
  });

const append = (
  server: TestServer,
  ...events: (Partial<DomainEvent> & { subject: string })[]
): Promise<void> =>
  server.store.database.write(
    {
      name: "test.append",
      async run(tx) {
        for (const event of events) await appendEvent(tx, { kind: "visit.accepted", at: 1, ...event });
      },
    },
    undefined,
  );

it("begins with now, tells of every event that follows, and leaves out what the page does not get", async () => {
  await using server = await streaming();
  const cookie = await server.signInOwner();
  await append(server, { subject: "before" });
  await using client = await openClient(`${server.url}/api/stream`, { cookie });
  expect(client.response.headers).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-store",
  });
  expect(client.response.headers["content-security-policy"]).toContain("default-src 'none'");
  const start = await client.next();
  expect(start).toEqual({ retry: "2000", id: expect.stringMatching(/^\d+$/) });
  await append(
    server,
    { subject: "hidden" },
    { subject: "other", kind: "person.created" },
    { subject: "a\nb", payload: { n: 1 } },
  );
  expect(await client.next()).toEqual({
    id: String(Number(start!.id) + 3),
    event: "visit.accepted",
    data: JSON.stringify({ subject: "a\nb", v: 1, n: 1 }),
  });
});

it("gives each event exactly once over any number of cuts", async () => {
  await using server = await streaming();
  const cookie = await server.signInOwner();
  let total = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ before: fc.nat(4), read: fc.nat(6) }), { minLength: 1, maxLength: 5 }),
      async (cuts) => {
        await using first = await openClient(`${server.url}/api/stream`, { cookie });
        let lastId = (await first.next())!.id!;
        const sent: string[] = [];
        const seen: string[] = [];
        const send = async (count: number): Promise<void> => {
          const events = Array.from({ length: count }, () => ({ subject: `v${total++}` }));
          sent.push(...events.map(({ subject }) => subject));
          await append(server, ...events);
        };
        const readFrom = async (count: number): Promise<void> => {
          await using client = await openClient(`${server.url}/api/stream`, {
            cookie,
            "last-event-id": lastId,
          });
          await client.next();
          for (let i = 0; i < count; i++) {
            const block = (await client.next())!;
            seen.push(JSON.parse(block.data!).subject);
            lastId = block.id!;
          }
        };
        for (const { before, read } of cuts) {
          await send(before);
          await readFrom(Math.min(read, sent.length - seen.length));
        }
        await readFrom(sent.length - seen.length);
        expect(seen).toEqual(sent);
      },
    ),
    { numRuns: 15 },
  );
});

it("resumes by query, too, and starts anew where the sequence is not of this database", async () => {
  await using server = await streaming();
  const cookie = await server.signInOwner();
  await append(server, { subject: "one" }, { subject: "two" });
  await using all = await openClient(`${server.url}/api/stream?after=0`, { cookie });
  expect(await all.next()).toMatchObject({ id: "0" });
  expect(JSON.parse((await all.next())!.data!).subject).toBe("one");

  await using lost = await openClient(`${server.url}/api/stream`, { cookie, "last-event-id": "999999" });
  expect(await lost.next()).toMatchObject({ event: "reset", data: "{}" });
  await append(server, { subject: "three" });
  expect(JSON.parse((await lost.next())!.data!).subject).toBe("three");

  for (const id of ["-1", "x", "1e3", "9".repeat(20)]) {
    const answer = await server.ask("/api/stream", { headers: { cookie, "last-event-id": id } });
    expectProblem(answer, 400, "request_invalid");
    expect(answer.problem.errors).toMatchObject([{ in: "headers", field: "last-event-id" }]);
  }
  expectProblem(await server.ask("/api/stream?after=-1", { headers: { cookie } }), 400, "request_invalid");
  expectProblem(await server.ask("/api/stream"), 401, "unauthorised");
});

it("ends at once when its session does", async () => {
  await using server = await streaming();
  const cookie = await server.signInOwner();
  await using client = await openClient(`${server.url}/api/stream`, { cookie });
  await client.next();
  await server.ask("/api/sign-out", { method: "POST", headers: { cookie, "sec-fetch-site": "same-origin" } });
  expect(await client.next()).toEqual({ event: "end", data: '{"reason":"signed_out"}' });
  expect(await client.next()).toBeUndefined();
});

it("looks with every heartbeat whether its session has run out", async () => {
  await using server = await streaming({
    streaming: { heartbeatMs: 10 },
    settings: { session: { absoluteHours: 1 } },
  });
  const cookie = await server.signInOwner();
  await using client = await openClient(`${server.url}/api/stream`, { cookie });
  await client.next();
  const end = client.next();
  server.store.clock.advance(3_600_000);
  expect(await end).toEqual({ event: "end", data: '{"reason":"signed_out"}' });
});

it("keeps a silent connection alive with comments", async () => {
  await using server = await streaming({ streaming: { heartbeatMs: 5 } });
  const cookie = await server.signInOwner();
  await using client = await openClient(`${server.url}/api/stream`, { cookie });
  const text = await new Promise<string>((resolve) => {
    let received = "";
    client.response.on("data", (chunk: Buffer) => {
      received += chunk.toString();
      if (received.split(":\n\n").length > 3) resolve(received);
    });
  });
  expect(text).toMatch(/^retry: 2000\nid: \d+\n\n(:\n\n){3,}$/);
});

it("cuts a reader that takes nothing, without holding what it did not take, and lets it go on later", async () => {
  await using server = await streaming({ streaming: { stallMs: 50, heartbeatMs: 10 } });
  const cookie = await server.signInOwner();
  const payload = { filler: "x".repeat(100_000) };
  await using slow = await openClient(`${server.url}/api/stream`, { cookie });
  slow.response.pause();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i++) await append(server, { subject: `v${i}`, payload });
  const cut = new Promise<void>((resolve) => slow.response.socket.once("close", resolve));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  const blocks: Block[] = [];
  await new Promise((resolve) => setTimeout(resolve, 100));
  slow.response.resume();
  for (let block = await slow.next(); block; block = await slow.next()) blocks.push(block);
  await cut;
  expect(blocks.at(-1)).toEqual({ event: "end", data: '{"reason":"too_slow"}' });
  const lastId = blocks.at(-2)!.id!;

  await using back = await openClient(`${server.url}/api/stream`, { cookie, "last-event-id": lastId });
  await back.next();
  const seen = blocks.slice(1, -1).length;
  expect(JSON.parse((await back.next())!.data!).subject).toBe(`v${seen}`);
});

it("ends every stream when the server closes, and opens no more than its limit", async () => {
  const server = await streaming({ settings: { maxEventStreams: 1 } });
  const cookie = await server.signInOwner();
  const client = await openClient(`${server.url}/api/stream`, { cookie });
  const { id } = (await client.next())!;
  const refused = await server.ask("/api/stream", { headers: { cookie } });
  expectProblem(refused, 503, "too_many_streams");
  expect(refused.headers["retry-after"]).toBe("5");
  await server[Symbol.asyncDispose]();
  expect(await client.next()).toEqual({ event: "end", data: '{"reason":"closing"}' });
  expect(await client.next()).toBeUndefined();
  expect(id).toBeDefined();
});
