import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../testing/guard.ts";
import { type Child, type ChildTiming, startChild } from "./child.ts";
import { eventually, isAlive, quickTiming } from "./fixtures/household.ts";

/** A child that runs some JavaScript, and what it told. */
function childOf(script: string, timing: Partial<ChildTiming> = {}): { child: Child; told: string[] } {
  const file = join(temporaryFolder(), "child.mjs");
  writeFileSync(file, script);
  const told: string[] = [];
  const child = startChild(
    { args: [file], env: process.env, fd: undefined, quiet: true },
    { ...quickTiming, ...timing },
    { ready: () => told.push("ready"), exited: (reason) => told.push(reason) },
  );
  return { child, told };
}

const READY = 'process.send({ type: "ready" });';
const STAY = "process.on('message', () => {}); setInterval(() => {}, 1000);";
const PONG = "process.on('message', ({ type }) => type === 'ping' && process.send({ type: 'pong' }));";

async function end(child: Child, told: string[]): Promise<void> {
  process.kill(child.pid ?? 0, "SIGKILL");
  await eventually(() => told.at(-1)?.includes("SIGKILL"));
}

describe("a child", () => {
  it("tells that it is ready, and how it ended", async () => {
    const { told } = childOf(`${READY} process.exitCode = 3; process.disconnect();`);
    expect(await eventually(() => told.length === 2 && told)).toEqual(["ready", "exit code 3"]);
  });

  it("tells the signal that ended it", async () => {
    const { told } = childOf("process.kill(process.pid, 'SIGSEGV')");
    expect(await eventually(() => told[0])).toBe("signal SIGSEGV");
  });

  it("is killed when it leaves the pings of its time unanswered", async () => {
    const { told } = childOf(`${READY} ${STAY}`, { pingEveryMs: 100, hungAfterMs: 1_000 });
    expect(await eventually(() => told.length === 2 && told)).toEqual([
      "ready",
      "hung: no answer for 1000 ms",
    ]);
  });

  it("lives on while it answers, however slowly it becomes ready", async () => {
    const timing = { pingEveryMs: 100, hungAfterMs: 1_500 };
    const { child, told } = childOf(`${PONG} setTimeout(() => { ${READY} }, 3000);`, timing);
    expect(await eventually(() => told[0])).toBe("ready");
    await end(child, told);
  });

  it("is killed when it answers but never becomes ready", async () => {
    const { told } = childOf(PONG, { readyWithinMs: 1_000 });
    expect(await eventually(() => told[0])).toBe("not ready within 1000 ms");
  });

  it("is told to stop over its channel, and by a signal when it has closed that", async () => {
    const listening = childOf(
      `${READY} process.on('message', ({ type }) => type === 'stop' && process.exit(7));`,
    );
    await eventually(() => listening.told[0]);
    listening.child.stop();
    expect(await eventually(() => listening.told[1])).toBe("exit code 7");

    const deaf = childOf(`${READY} process.disconnect(); setInterval(() => {}, 1000);`);
    await eventually(() => deaf.told[0]);
    deaf.child.stop();
    expect(await eventually(() => deaf.told[1])).toBe("signal SIGTERM");
  });

  it("is killed when it does not stop, asked by message and by signal", async () => {
    const { child, told } = childOf(`process.on('SIGTERM', () => {}); ${STAY} ${READY}`, {
      stopWithinMs: 600,
    });
    await eventually(() => told[0]);
    child.stop();
    expect(await eventually(() => told[1])).toBe("killed: not stopped within 600 ms");
  });

  it("takes its own children along when it is killed", async () => {
    const folder = temporaryFolder();
    const pidFile = join(folder, "pid");
    const { child, told } = childOf(`
      import { spawn } from "node:child_process";
      import { writeFileSync } from "node:fs";
      const grandchild = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
      writeFileSync(${JSON.stringify(pidFile)}, String(grandchild.pid));
      ${READY} ${STAY}`);
    await eventually(() => told[0]);
    const { readFileSync } = await import("node:fs");
    const grandchild = Number(readFileSync(pidFile, "utf8"));
    expect(isAlive(grandchild)).toBe(true);
    await end(child, told);
    await eventually(() => !isAlive(grandchild));
  });

  it("answers no reload when it ends first, is silent, or never understood it", async () => {
    const { child, told } = childOf(`${READY} ${STAY}`, { reloadWithinMs: 300 });
    await eventually(() => told[0]);
    expect(await child.reload()).toEqual({ outcome: "no_answer", detail: "no answer within 300 ms" });
    const pending = child.reload();
    await end(child, told);
    expect(await pending).toMatchObject({ outcome: "no_answer" });
  });

  it("may send anything without harm", async () => {
    const junk =
      "[null, 1, 'ready', [], {}, { type: null }, { type: 'reloaded', id: 99 }, { type: 'tomorrow' }]";
    const { child, told } = childOf(`for (const message of ${junk}) process.send(message); ${READY} ${STAY}`);
    expect(await eventually(() => told[0])).toBe("ready");
    await end(child, told);
  });
});
