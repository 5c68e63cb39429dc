import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../testing/guard.ts";
import { eventually } from "./fixtures/household.ts";

const PROCESS = join(import.meta.dirname, "fixtures", "process.ts");

/** The fixture process without a supervisor, as a container starts it. */
function alone(options: { ipc?: boolean; env?: NodeJS.ProcessEnv } = {}): {
  child: ChildProcess;
  log(): string[];
} {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, [PROCESS, "web", folder], {
    stdio: ["ignore", "inherit", "inherit", ...(options.ipc ? (["ipc"] as const) : [])],
    env: { ...process.env, ...options.env },
  });
  const log = () => {
    try {
      return readFileSync(join(folder, "log"), "utf8").trim().split("\n");
    } catch {
      return [];
    }
  };
  return { child, log };
}

const ended = async (child: ChildProcess) =>
  ((await once(child, "exit")) as [number | null, string | null])[0];

describe("a process without a supervisor", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("runs, and stops in order at %s", async (signal) => {
    const { child, log } = alone();
    await eventually(() => log().includes("web ready"));
    child.kill(signal);
    expect(await ended(child)).toBe(0);
    expect(log().at(-1)).toBe("web stop signal");
  });

  it("stops once for two signals; a second one of the same name would end it at once", async () => {
    const { child, log } = alone();
    await eventually(() => log().includes("web ready"));
    for (const signal of ["SIGTERM", "SIGINT"] as const) child.kill(signal);
    expect(await ended(child)).toBe(0);
    expect(log().filter((line) => line.includes("stop"))).toHaveLength(1);
  });

  it("has the name and release that its environment gives", async () => {
    const { child, log } = alone({ env: { DOORBELL_INSTANCE: "web-7f9c" } });
    await eventually(() => log().includes("web-7f9c ready"));
    child.kill("SIGTERM");
    expect(await ended(child)).toBe(0);
  });
});

describe("a process whose supervisor is gone", () => {
  it("stops by itself", async () => {
    const { child, log } = alone({ ipc: true });
    await eventually(() => log().includes("web ready"));
    child.disconnect();
    expect(await ended(child)).toBe(0);
    expect(log().at(-1)).toBe("web stop orphaned");
  });

  it("notices also when it was gone before the process connected to it", async () => {
    const { child, log } = alone({ ipc: true });
    child.disconnect();
    expect(await ended(child)).toBe(0);
    expect(log()).toContain("web stop orphaned");
  });
});

describe("a supervised process", () => {
  it("answers pings and reloads, and ignores what it does not know", async () => {
    const { child, log } = alone({ ipc: true });
    const answers: unknown[] = [];
    child.on("message", (message) => answers.push(message));
    await eventually(() => log().includes("web ready"));
    for (const message of [{ type: "ping" }, { type: "tomorrow" }, "x", { type: "reload", id: 5 }])
      child.send(message);
    await eventually(() => answers.length === 3);
    expect(answers).toEqual([
      { type: "ready" },
      { type: "pong" },
      { type: "reloaded", id: 5, ok: true, detail: "read again" },
    ]);
    child.send({ type: "stop" });
    expect(await ended(child)).toBe(0);
  });
});
