import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { adoptSocket, bindSocket, inheritedDescriptors, type ListeningSocket } from "./listening.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function bound(host = "127.0.0.1"): Promise<ListeningSocket> {
  const socket = await bindSocket({ host, port: 0 });
  cleanups.push(socket.close);
  return socket;
}

async function listener(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  cleanups.push(() => server.close());
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

describe("a bound socket", () => {
  it("tells the port that the kernel chose", async () => {
    const socket = await bound();
    expect(socket).toMatchObject({ host: "127.0.0.1", port: expect.any(Number) });
    expect(socket.port).toBeGreaterThan(0);
  });

  it("takes a name for a host", async () => {
    expect((await bound("localhost")).host).toMatch(/^(127\.0\.0\.1|::1)$/);
  });
});

describe("binding", () => {
  it("is on every address for ::, on a machine without IPv6 too", async () => {
    expect((await bound("::")).host).toMatch(/^(::|0\.0\.0\.0)$/);
  });

  it("names the process that has the port", async () => {
    const port = await listener();
    await expect(bindSocket({ host: "127.0.0.1", port })).rejects.toMatchObject({
      code: "port_taken",
      retryable: true,
      message: expect.stringMatching(
        new RegExp(`^bind 127.0.0.1 port ${port}: taken by process ${process.pid} \\(`),
      ),
    });
  });

  it("is refused on an address that this machine does not have", async () => {
    const elsewhere = bindSocket({ host: "192.0.2.1", port: 0 });
    await expect(elsewhere).rejects.toMatchObject({ code: "address_unknown" });
  });

  it("is refused on a name that nobody knows", async () => {
    const nowhere = bindSocket({ host: "door.invalid", port: 0 });
    await expect(nowhere).rejects.toMatchObject({ code: "address_unknown" });
  });

  it("says so when the port is for root alone", async () => {
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      await expect(bindSocket({ host: "127.0.0.1", port: 1 })).rejects.toMatchObject({
        code: "port_forbidden",
      });
    } finally {
      if (root) process.seteuid?.(0);
    }
  });
});

describe("a descriptor", () => {
  it("is refused when it is no socket", () => {
    expect(() => adoptSocket(0x7fff)).toThrow(/descriptor 32767: not a TCP socket/);
  });

  it("is refused when it is another kind of socket", async () => {
    const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    const pipe = (child.stdin as unknown as { _handle: { fd: number } })._handle.fd;
    expect(() => adoptSocket(pipe)).toThrow(/not a TCP socket/);
    child.kill("SIGKILL");
    await once(child, "exit");
  });
});

describe("what systemd passes", () => {
  const passed = (names: string | undefined, count: number, pid = 7) =>
    inheritedDescriptors({ LISTEN_PID: "7", LISTEN_FDS: String(count), LISTEN_FDNAMES: names }, pid);

  it("is nothing without its variables, or when they are for another process", () => {
    expect(inheritedDescriptors({}, 7)).toEqual({});
    expect(passed(undefined, 2, 8)).toEqual({});
  });

  it("is the public socket, then that of the metrics", () => {
    expect(passed(undefined, 1)).toEqual({ public: 3 });
    expect(passed("web:metrics", 2)).toEqual({ public: 3, metrics: 4 });
  });

  it("may come the other way round when it is named", () => {
    expect(passed("metrics:web", 2)).toEqual({ metrics: 3, public: 4 });
    expect(passed("metrics", 1)).toEqual({ metrics: 3 });
  });
});
