import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../testing/guard.ts";
import { type Controlled, serveControl } from "./control.ts";
import { callSupervisor } from "./control-client.ts";
import { SupervisorError } from "./supervisor-error.ts";
import { serveUnix, type UnixServer } from "./unix-server.ts";

const status = { pid: 1, phase: "running", release: "1.2.3", processes: [] } as const;

let server: UnixServer | undefined;
afterEach(() => server?.close());

/** A control socket before a supervisor that notes what it is asked. */
async function controlSocket(asked: unknown[] = [], overrides: Partial<Controlled> = {}): Promise<string> {
  const controlled: Controlled = {
    status: () => status,
    restart(process) {
      if (process === "nobody")
        throw new SupervisorError("unknown_process", "restart nobody: no such process");
      asked.push(process);
      return { restarting: [process] };
    },
    reload: async () => ({ web: { outcome: "reloaded", detail: "" } }),
    scale(workers) {
      asked.push(workers);
      return { workers };
    },
    async stop() {
      asked.push("stop");
    },
    ...overrides,
  };
  const path = join(temporaryFolder(), "supervisor.sock");
  server = await serveUnix(path, (socket) => serveControl(socket, controlled));
  return path;
}

/** What comes back for some bytes, until the other side ends. */
async function sent(path: string, ...parts: string[]): Promise<Record<string, unknown>[]> {
  const socket = connect(path).setEncoding("utf8");
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
  });
  socket.on("error", () => {});
  const closed = once(socket, "close");
  for (const part of parts) {
    socket.write(part);
    await new Promise(setImmediate);
  }
  socket.end();
  await closed;
  return received
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const request = (id: number, method: string, params = {}) =>
  `${JSON.stringify({ v: 1, id, method, params })}\n`;

describe("the control socket", () => {
  it("opens for its user alone, also where a dead one's file is in the way", async () => {
    const path = await controlSocket();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await server?.close();
    writeFileSync(path, "");
    server = await serveUnix(path, async () => {});
    expect(statSync(path).isSocket()).toBe(true);
  });

  it("answers every method through the client", async () => {
    const asked: unknown[] = [];
    const path = await controlSocket(asked);
    expect(await callSupervisor(path, "status", {})).toEqual(status);
    expect(await callSupervisor(path, "restart", { process: "web" })).toEqual({ restarting: ["web"] });
    expect(await callSupervisor(path, "reload", {})).toEqual({ web: { outcome: "reloaded", detail: "" } });
    expect(await callSupervisor(path, "scale", { workers: 3 })).toEqual({ workers: 3 });
    expect(await callSupervisor(path, "stop", {})).toEqual({ stopping: true });
    expect(asked).toEqual(["web", 3, "stop"]);
  });

  it("answers several requests of one connection in their order, however they are cut", async () => {
    const path = await controlSocket();
    const text = request(1, "status") + request(2, "reload") + request(3, "status");
    const answers = await sent(path, text.slice(0, 30), text.slice(30, 70), text.slice(70));
    expect(answers.map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it.each([
    ["a version of tomorrow", '{"v":2,"id":7,"method":"status"}', 7, "unsupported_version"],
    ["no version", '{"id":7,"method":"status"}', 7, "unsupported_version"],
    ["an unknown method", '{"v":1,"id":"a","method":"explode"}', "a", "unknown_method"],
    ["a method of every object", '{"v":1,"id":"a","method":"constructor"}', "a", "unknown_method"],
    [
      "parameters of another type",
      '{"v":1,"id":7,"method":"scale","params":{"workers":"3"}}',
      7,
      "bad_params",
    ],
    ["no parameters", '{"v":1,"id":7,"method":"restart","params":null}', 7, "bad_params"],
    ["no JSON", "hello", null, "bad_request"],
    ["no object", "42", null, "bad_request"],
    ["an empty line", "", null, "bad_request"],
  ])("refuses %s and says why", async (_what, line, id, code) => {
    const path = await controlSocket();
    const answers = await sent(path, `${line}\n${request(8, "status")}`);
    expect(answers).toMatchObject([
      { v: 1, id, error: { code, hint: expect.any(String) } },
      { id: 8, result: status },
    ]);
  });

  it("refuses a line without end and hangs up", async () => {
    const path = await controlSocket();
    const answers = await sent(path, "x".repeat(100_000));
    expect(answers).toMatchObject([{ error: { code: "bad_request" } }]);
  });

  it("stays up whatever is sent to it", async () => {
    const path = await controlSocket();
    const junk = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom("\n", '{"v":1,', "\0", '"params":{"process":{}}}'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(junk, { maxLength: 6 }), async (parts) => {
        for (const answer of await sent(path, ...parts)) expect(answer).toHaveProperty("error.code");
      }),
      { numRuns: 60 },
    );
    expect(await callSupervisor(path, "status", {})).toEqual(status);
  });
});

describe("the client", () => {
  it("throws what the supervisor refused, with its code and hint", async () => {
    const path = await controlSocket();
    await expect(callSupervisor(path, "restart", { process: "nobody" })).rejects.toMatchObject({
      code: "unknown_process",
      message: "restart nobody: no such process",
      hint: expect.stringContaining("doorbell status"),
    });
  });

  it("says that no supervisor runs, both without a socket and with a dead one", async () => {
    const path = join(temporaryFolder(), "none.sock");
    const refused = { code: "supervisor_not_running", retryable: true };
    await expect(callSupervisor(path, "status", {})).rejects.toMatchObject(refused);
    writeFileSync(path, "");
    await expect(callSupervisor(path, "status", {})).rejects.toMatchObject(refused);
  });

  it("gives up on a supervisor that does not answer", async () => {
    const path = await controlSocket([], { reload: () => new Promise(() => {}) });
    await expect(callSupervisor(path, "reload", {}, 50)).rejects.toMatchObject({ code: "supervisor_silent" });
  });

  it("does not take an end without an answer for one", async () => {
    const path = await controlSocket();
    await server?.close();
    server = await serveUnix(path, async () => {});
    await expect(callSupervisor(path, "status", {})).rejects.toMatchObject({
      code: /supervisor_(silent|not_running)/,
    });
  });
});
