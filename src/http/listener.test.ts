import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing/guard.ts";
import { httpListener, type Listener } from "./listener.ts";

const CONFIG = { requestTimeoutMs: 5_000 };

/** A listener that answers `/slow` only when told. */
async function slowListener(): Promise<{
  listener: Listener;
  url: string;
  arrived: Promise<void>;
  finish: () => void;
}> {
  const arrived = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  const listener = httpListener((request, response) => {
    if (request.url !== "/slow") return response.end("quick");
    arrived.resolve();
    return void finished.promise.then(() => response.end("slow"));
  }, CONFIG);
  const url = await listener.open({ host: "127.0.0.1", port: 0 });
  return { listener, url, arrived: arrived.promise, finish: finished.resolve };
}

/** One request on a connection that the agent keeps. */
function get(
  url: string,
  agent: Agent | false = false,
): Promise<{ text: string; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ text, connection: response.headers.connection }));
    });
    request.on("error", reject).end();
  });
}

it("answers the request under way, takes no new connection, and then is gone", async () => {
  const { listener, url, arrived, finish } = await slowListener();
  const slow = get(`${url}/slow`);
  await arrived;
  let isClosed = false;
  const closing = listener.close(10_000).then(() => {
    isClosed = true;
  });
  await expect(get(url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  expect(isClosed).toBe(false);
  finish();
  expect((await slow).text).toBe("slow");
  await closing;
});

it("fails no request of clients that keep their connections busy while it closes", async () => {
  const { listener, url } = await slowListener();
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let answered = 0;
  let told = 0;
  const client = async (): Promise<unknown> => {
    for (;;) {
      try {
        const { connection } = await get(url, agent);
        answered += 1;
        if (connection === "close") told += 1;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    }
  };
  const clients = [client(), client(), client(), client()];
  while (answered < 100) await new Promise((resolve) => setImmediate(resolve));
  await listener.close(5_000);
  expect(await Promise.all(clients)).toEqual(Array(4).fill("ECONNREFUSED"));
  expect(told).toBeGreaterThan(0);
  agent.destroy();
});

it("closes idle connections without waiting for the drain time, and stuck ones at its end", async () => {
  const { listener, url } = await slowListener();
  const idle = connect(Number(new URL(url).port), "127.0.0.1");
  const idleClosed = new Promise((resolve) => idle.once("close", resolve));
  const agent = new Agent({ keepAlive: true });
  await get(url, agent);
  await listener.close(600_000);
  await idleClosed;
  agent.destroy();

  const stuck = await slowListener();
  const never = get(`${stuck.url}/slow`);
  await stuck.arrived;
  const ending = expect(never).rejects.toMatchObject({ code: "ECONNRESET" });
  await stuck.listener.close(20);
  await ending;
});

it("accepts from a descriptor that it inherited", async () => {
  const parent = createTcpServer();
  await new Promise<void>((resolve) => parent.listen(0, "127.0.0.1", resolve));
  const { fd } = (parent as unknown as { _handle: { fd: number } })._handle;
  const program = `
    import { httpListener } from ${JSON.stringify(new URL("listener.ts", import.meta.url).href)};
    const listener = httpListener((_request, response) => response.end("inherited"), { requestTimeoutMs: 5_000 });
    console.log(await listener.open({ fd: 3 }));
    process.stdin.once("end", () => listener.close(1_000)).resume();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit", fd],
  });
  // The child has its own copy of the descriptor; from here on nobody else accepts.
  parent.close();
  const exited = once(child, "exit");
  const [line] = await once(child.stdout!, "data");
  expect((await get(String(line).trim())).text).toBe("inherited");
  child.stdin!.end();
  expect(await exited).toEqual([0, null]);
});

it("opens its socket to this user alone, takes over one left behind, and removes only its own", async () => {
  const path = join(temporaryFolder(), "local.sock");
  const answer = (text: string): Listener => httpListener((_request, response) => response.end(text), CONFIG);
  const ask = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = httpRequest({ socketPath: path, path: "/", agent: false }, (response) => {
        response.on("data", (chunk: Buffer) => resolve(chunk.toString()));
      });
      request.on("error", reject).end();
    });

  const old = answer("old");
  await old.open({ path });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await ask()).toBe("old");
  const next = answer("next");
  await next.open({ path });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await ask()).toBe("next");
  await old.close(0);
  expect(await ask()).toBe("next");
  await next.close(0);
  expect(existsSync(path)).toBe(false);
});

it("says what it cannot listen on and what to do", async () => {
  const { listener, url } = await slowListener();
  const second = httpListener(() => {}, CONFIG);
  const place = { host: "127.0.0.1", port: Number(new URL(url).port) };
  await expect(second.open(place)).rejects.toMatchObject({
    code: "listen_failed",
    message: expect.stringContaining(`listen on 127.0.0.1:${place.port}`),
    hint: expect.stringContaining("http.port"),
  });
  const nowhere = httpListener(() => {}, CONFIG).open({ path: `/nowhere/${"x".repeat(200)}` });
  await expect(nowhere).rejects.toMatchObject({ code: "listen_failed" });
  await listener.close(0);
});
