import { z } from "zod";
import type { People } from "../doorbell/people/people.ts";
import { type RouteDefinition, route } from "../http/route.ts";
import { channelStates } from "../notifications/channel-states.ts";
import { callSupervisor } from "../production/deployment/supervisor/control-client.ts";
import { runFolder } from "../production/deployment/supervisor/run-folder.ts";
import { sqliteQueue } from "../queue/sqlite-queue.ts";
import type { Ground } from "./ground.ts";

const status = z.object({
  release: z.string(),
  instance: z.string(),
  profile: z.string(),
  uptimeSeconds: z.int(),
  url: z.string().describe("Where people reach the page."),
  processes: z.array(z.object({ name: z.string(), state: z.string() })),
  doors: z.array(z.object({ id: z.string(), name: z.string(), camera: z.string() })),
  queue: z.array(z.object({ kind: z.string(), open: z.int(), dead: z.int() })),
  outbox: z.object({ waiting: z.int(), dead: z.int() }),
  channels: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      state: z.enum(["untried", "working", "failing", "silent"]),
      lastSuccessAt: z.int().nullable(),
      lastError: z.string().nullable(),
    }),
  ),
  people: z.int(),
});

/** `/api/status`: the state of each part, as the page and the command line show it. */
export function statusRoutes(ground: Ground, people: People): RouteDefinition[] {
  const { release, instance, settings, folders, clock, database } = ground;
  const startedAt = clock.moment().uptimeMs;
  const { pipeline } = settings();
  const queue = sqliteQueue(
    { lane: release, holder: instance, leaseMs: pipeline.leaseMs, backoff: pipeline.retry },
    { database, clock },
  );

  /** Without a supervisor (a container) each process is its own; this one at least runs. */
  const supervised = async () => {
    const { control } = runFolder(folders.data);
    const answer = await callSupervisor(control, "status", {}, 1_000).catch(() => undefined);
    const { host, port } = answer?.public ?? settings().http;
    const running = answer?.processes.map(({ name, status: state }) => ({ name, state }));
    return {
      url: settings().http.publicUrl ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
      processes: running ?? [{ name: instance, state: "ready" }],
    };
  };

  const outbox = async (): Promise<{ waiting: number; dead: number }> => {
    const rows = await database.read
      .selectFrom("outbox")
      .where("state", "in", ["waiting", "dead"])
      .groupBy("state")
      .select((eb) => ["state", eb.fn.countAll<number>().as("count")])
      .execute();
    const count = (state: string): number => rows.find((row) => row.state === state)?.count ?? 0;
    return { waiting: count("waiting"), dead: count("dead") };
  };

  const channels = async () => {
    const configured = settings().notifications.channels;
    const states = await channelStates(database, Object.keys(configured));
    return states.map((state) => ({ ...state, kind: configured[state.name]!.kind }));
  };

  return [
    route({
      method: "GET",
      path: "/api/status",
      access: "signed-in",
      summary: "Tells the state of each part",
      answers: { 200: status },
      handler: async () => ({
        release,
        instance,
        profile: settings().profile,
        uptimeSeconds: Math.floor((clock.moment().uptimeMs - startedAt) / 1_000),
        ...(await supervised()),
        doors: settings().doors.map(({ id, name, camera }) => ({ id, name, camera: camera.driver })),
        queue: (await queue.depth()).map(({ kind, open, dead }) => ({ kind, open, dead })),
        outbox: await outbox(),
        channels: await channels(),
        people: (await people.list()).length,
      }),
    }),
  ];
}
