import { z } from "zod";
import type { Clock } from "../lib/clock.ts";
import type { Verdict } from "../lib/verdict.ts";
import { type RouteDefinition, route } from "./route.ts";

/** Something that must work before requests are sent here. */
export interface ReadyCheck {
  /** Such as `database`. */
  readonly name: string;
  check(): Promise<Verdict>;
}

/** What the health routes tell of this process. */
export interface HealthDeps {
  readonly release: string;
  /** Name of this process among those of its release. */
  readonly instance: string;
  readonly clock: Clock;
  readonly checks: readonly ReadyCheck[];
  /** How long a check may take before its verdict is `unknown`, ms. Default 2,000. */
  readonly patienceMs?: number;
}

const health = z.object({
  status: z.literal("healthy"),
  release: z.string(),
  instance: z.string(),
  uptimeSeconds: z.int(),
});
const readiness = z.object({
  status: z.enum(["ready", "not_ready"]),
  checks: z.array(z.object({ name: z.string(), verdict: z.string() })),
});
const version = z.object({ release: z.string(), node: z.string() });

/** `/api/health` (this process is alive), `/api/ready` (all that it needs answers) and `/api/version`. */
export function healthRoutes(deps: HealthDeps): RouteDefinition[] {
  const { release, instance, clock, checks, patienceMs = 2_000 } = deps;
  const startedAt = clock.moment().uptimeMs;
  return [
    route({
      method: "GET",
      path: "/api/health",
      access: "open",
      quiet: true,
      summary: "Tells that this process is alive",
      answers: { 200: health },
      handler: () => ({
        status: "healthy",
        release,
        instance,
        uptimeSeconds: Math.floor((clock.moment().uptimeMs - startedAt) / 1000),
      }),
    }),
    route({
      method: "GET",
      path: "/api/ready",
      access: "open",
      quiet: true,
      summary: "Tells whether requests can be sent here",
      answers: { 200: readiness, 503: readiness },
      async handler(_request, reply) {
        const verdicts = await Promise.all(
          checks.map(async (one) => ({ name: one.name, verdict: await verdictOf(one, patienceMs) })),
        );
        const ready = verdicts.every(({ verdict }) => verdict === "pass");
        if (!ready) reply.code(503).header("retry-after", 2);
        return { status: ready ? "ready" : "not_ready", checks: verdicts };
      },
    }),
    route({
      method: "GET",
      path: "/api/version",
      access: "open",
      summary: "Tells which release this is",
      answers: { 200: version },
      handler: () => ({ release, node: process.versions.node }),
    }),
  ];
}

/** A check that throws or does not answer in time found nothing out. */
async function verdictOf({ check }: ReadyCheck, patienceMs: number): Promise<Verdict> {
  const patience = Promise.withResolvers<Verdict>();
  const timer = setTimeout(() => patience.resolve("unknown"), patienceMs);
  try {
    return await Promise.race([check(), patience.promise]);
  } catch {
    return "unknown";
  } finally {
    clearTimeout(timer);
  }
}
