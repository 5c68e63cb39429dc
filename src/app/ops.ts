import { setTimeout as wait } from "node:timers/promises";
import { SITE_ID, syncDoors } from "../doorbell/doors.ts";
import { openPeople } from "../doorbell/people/people.ts";

import { resolveSecret } from "../lib/settings.ts";
import { startGateway } from "../monitoring/metrics/gateway.ts";
import { createMetrics } from "../monitoring/metrics/registry.ts";
import { acknowledgeToken } from "../notifications/acknowledge-link.ts";
import { Dispatcher } from "../notifications/dispatcher.ts";
import { selfTestRenderer, visitRenderer } from "../notifications/render.ts";
import { SelfTests } from "../notifications/self-test.ts";
import { sqliteQueue } from "../queue/sqlite-queue.ts";
import { Checkpointer } from "../storage/checkpoint.ts";
import { holdRole, yieldRole } from "../storage/role-lease.ts";
import { openChannels } from "./channels.ts";
import { deliveryWatch } from "./delivery-watch.ts";
import { failures } from "./failures.ts";
import { feedFigures } from "./figures.ts";
import { fullName, type Ground, type Identity, openGround } from "./ground.ts";

const ROLE = "ops";
/** How long the role is held without word of its holder, and how often word is given, ms. */
const ROLE_FOR_MS = 15_000;
const ROLE_EVERY_MS = 5_000;
const POLL_MS = 1_000;
const SELF_TEST_EVERY_MS = 60_000;
const STOP_GRACE_MS = 8_000;

/** Where `ops` answers `/metrics`. */
export interface OpsPlaces {
  /** The socket that the supervisor holds; the address of the configuration where absent. */
  readonly descriptor: number | undefined;
}

/**
 * Builds and starts `ops`: what one process alone may do, by a lease. Migrations, deliveries, metrics of the
 * whole, checkpoints of the write-ahead log.
 */
export async function startOps(identity: Identity, { descriptor }: OpsPlaces): Promise<Ground> {
  const { release } = identity;
  const metrics = createMetrics({ role: "ops", instance: fullName(identity) });
  const ground = await openGround(identity, metrics);
  const { settings, folders, clock, log, database, cleanup } = ground;
  const failed = failures(log, metrics.errorsTotal);
  const stopping = new AbortController();

  await takeRole(ground, stopping.signal, (error) => failed("storage", "keep the role of ops", error));
  const { site, doors, pipeline } = settings();
  await database.write(syncDoors, {
    site: { id: SITE_ID, ...site },
    doors: doors.map(({ id, name, camera }) => ({ id, name, camera: camera.driver })),
  });

  const queue = sqliteQueue(
    { lane: release, holder: fullName(identity), leaseMs: pipeline.leaseMs, backoff: pipeline.retry },
    { database, clock },
  );
  const checkpoints = new Checkpointer(
    { path: folders.database },
    { clock, onError: (error) => failed("storage", "checkpoint", error) },
  );
  checkpoints.start();
  cleanup.add("checkpoints", () => checkpoints.stop());
  feedFigures(metrics, ground, { queue, checkpoints });
  if (settings().metrics.enabled)
    await serveAllMetrics(ground, descriptor, (error) => failed("monitoring", "collect metrics", error));

  const people = openPeople({ siteId: SITE_ID, lane: release }, ground);
  await people.finishRemovals();
  const kinds = new Map(
    Object.entries(settings().notifications.channels).map(([name, { kind }]) => [name, kind]),
  );
  const dispatcher = new Dispatcher(
    {
      lane: release,
      holder: fullName(identity),
      settings: () => settings().notifications,
      pollMs: POLL_MS,
      stopGraceMs: STOP_GRACE_MS,
    },
    {
      database,
      clock,
      channels: openChannels(settings().notifications, { clock, log }),
      render: rendererOf(ground, people.nameOf),
      metrics: {
        sent: (channel, kind, status) =>
          metrics.notificationsSentTotal.inc({
            channel: kinds.get(channel) ?? "log",
            notification_type: kind,
            status: SENT[status],
          }),
      },
      watch: deliveryWatch({ log, failed }),
      onError: (doing, error) => failed("notifications", doing, error),
    },
  );
  await dispatcher.start();
  cleanup.add("dispatcher", () => dispatcher.stop());
  const selfTests = new SelfTests(
    {
      lane: release,
      channels: [...kinds.keys()],
      settings: () => settings().notifications.selfTest,
      timeZone: () => settings().site.timeZone,
      everyMs: SELF_TEST_EVERY_MS,
    },
    { database, clock, onError: (doing, error) => failed("notifications", doing, error) },
  );
  selfTests.start();
  cleanup.add("self-tests", () => selfTests.stop());

  cleanup.add("ops", () => stopping.abort());
  log.info("ops ready");
  return ground;
}

const SENT = { sent: "success", failed: "retry", dead: "failure" } as const;

/** Waits until no other process holds the role, then keeps it until the cleanup. */
async function takeRole(
  ground: Ground,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  const { database, clock, cleanup, log } = ground;
  const holder = fullName(ground);
  const hold = () => holdRole(database, clock, { role: ROLE, holder, forMs: ROLE_FOR_MS });
  for (let told = false; !(await hold()); told = true) {
    if (!told) log.info("another process is ops; waiting for it to end");
    await wait(ROLE_EVERY_MS / 5, undefined, { signal });
  }
  const timer = setInterval(() => {
    hold().then((lease) => lease || onError(new Error("the role of ops was taken over")), onError);
  }, ROLE_EVERY_MS);
  cleanup.add("role of ops", async () => {
    clearInterval(timer);
    await database.write(yieldRole, { role: ROLE, holder });
  });
}

async function serveAllMetrics(
  ground: Ground,
  descriptor: number | undefined,
  onError: (error: unknown) => void,
) {
  const { host, port, tokenFile } = ground.settings().metrics;
  const token = tokenFile === undefined ? undefined : await resolveSecret(`file:${tokenFile}`);
  const gateway = await startGateway({
    listen: descriptor === undefined ? { host, port } : { fd: descriptor },
    runFolder: ground.folders.run,
    token,
    onLeftOut: (leftOut) =>
      onError(new Error(leftOut.map(({ instance, reason }) => `${instance}: ${reason}`).join("; "))),
  });
  ground.cleanup.add("metrics gateway", gateway.close);
}

function rendererOf(ground: Ground, nameOf: (personId: string) => Promise<string | undefined>) {
  const { database, clock, settings, vault, acknowledgeKey } = ground;
  const base = (): string | undefined => settings().http.publicUrl;
  const visit = visitRenderer({
    database,
    clock,
    nameOf,
    async photoOf(visitId) {
      const capture = await database.read
        .selectFrom("capture")
        .select(["id", "media_type"])
        .where("visit_id", "=", visitId)
        .orderBy("position", "desc")
        .limit(1)
        .executeTakeFirst();
      const bytes = capture && (await vault.get({ owner: { kind: "visit", id: visitId }, id: capture.id }));
      return bytes && { mediaType: capture.media_type, bytes };
    },
    linkOf: (visitId) => base() && `${base()}/#/visits/${visitId}`,
    acknowledgeLinkOf: (visitId) =>
      base() &&
      `${base()}/acknowledge/${acknowledgeToken(acknowledgeKey, visitId, clock.now() + settings().notifications.acknowledgeLinkMs)}`,
  });
  const selfTest = selfTestRenderer({ database, clock });
  return (delivery: Parameters<typeof visit>[0]) =>
    (delivery.kind === "self_test" ? selfTest : visit)(delivery);
}
