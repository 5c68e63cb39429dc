import { expect, it } from "vitest";
import { manualClock } from "../lib/clock.ts";
import type { Verdict } from "../lib/verdict.ts";
import { healthRoutes, type ReadyCheck } from "./health-routes.ts";
import { testServer } from "./test-server.ts";

const check = (name: string, answer: () => Promise<Verdict>): ReadyCheck => ({ name, check: answer });

it("tells that it is alive without asking anything else, and is not logged for it", async () => {
  const clock = manualClock();
  const checks = [check("database", () => Promise.reject(new Error("down")))];
  await using server = await testServer({
    routes: () => healthRoutes({ release: "r1", instance: "web-1", clock, checks }),
  });
  clock.advance(61_500);
  expect((await server.ask("/api/health")).json).toEqual({
    status: "healthy",
    release: "r1",
    instance: "web-1",
    uptimeSeconds: 61,
  });
  expect(server.logged).toEqual([]);
  expect((await server.ask("/api/version")).json).toEqual({ release: "r1", node: process.versions.node });
});

it("is ready only when every check passes: not knowing is not a pass", async () => {
  const verdicts: Record<string, Verdict> = { database: "pass", queue: "pass" };
  const checks = [
    check("database", async () => verdicts.database!),
    check("queue", async () => {
      if (verdicts.queue === "fail") throw new Error("secret reason");
      return verdicts.queue!;
    }),
  ];
  await using server = await testServer({
    routes: () => healthRoutes({ release: "r1", instance: "web-1", clock: manualClock(), checks }),
  });
  const ready = await server.ask("/api/ready");
  expect([ready.status, ready.json.status]).toEqual([200, "ready"]);

  verdicts.database = "stale";
  verdicts.queue = "fail";
  const unready = await server.ask("/api/ready");
  expect([unready.status, unready.headers["retry-after"]]).toEqual([503, "2"]);
  expect(unready.json).toEqual({
    status: "not_ready",
    checks: [
      { name: "database", verdict: "stale" },
      { name: "queue", verdict: "unknown" },
    ],
  });
});

it("does not wait for a check that never answers", async () => {
  await using server = await testServer({
    routes: () =>
      healthRoutes({
        release: "r1",
        instance: "web-1",
        clock: manualClock(),
        checks: [check("camera", () => new Promise(() => {}))],
        patienceMs: 10,
      }),
  });
  expect((await server.ask("/api/ready")).json.checks).toEqual([{ name: "camera", verdict: "unknown" }]);
});
