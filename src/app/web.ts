import { SITE_ID } from "../doorbell/doors.ts";
import { demonstrationScenes } from "../doorbell/hardware/cameras/demonstration-scenes.ts";
import { httpTrigger } from "../doorbell/hardware/triggers/http.ts";
import { openPeople } from "../doorbell/people/people.ts";
import { doorbellRoutes } from "../doorbell/routes.ts";
import { visitIntake } from "../doorbell/visit/accept.ts";
import { openAccess } from "../http/access/access.ts";
import { createSetupLink } from "../http/access/setup.ts";
import { eventStreams } from "../http/event-stream.ts";
import { healthRoutes, type ReadyCheck } from "../http/health-routes.ts";
import { createServer } from "../http/server.ts";
import { createMetrics } from "../monitoring/metrics/registry.ts";
import { measureRequests } from "../monitoring/metrics/requests.ts";
import { timeOfDayIn } from "../monitoring/metrics/time-of-day.ts";
import { inject } from "../monitoring/tracing/carrier.ts";
import { traceRequests } from "../monitoring/tracing/requests.ts";
import { readMemo } from "../storage/memo.ts";
import { checkPhoto } from "./check-photo.ts";
import { DEMONSTRATION_ENROLLED } from "./demonstration-enrolled.ts";
import { failures } from "./failures.ts";
import { fullName, type Ground, type Identity, openGround } from "./ground.ts";
import { statusRoutes } from "./status.ts";
import { newTraceparent } from "./traceparent.ts";

/** Where `web` listens: the socket that the supervisor holds, or the address of the configuration. */
export interface WebPlaces {
  readonly descriptor: number | undefined;
}

/** Builds and starts the web process. */
export async function startWeb(identity: Identity, { descriptor }: WebPlaces): Promise<Ground> {
  const { instance, release } = identity;
  const metrics = createMetrics({ role: "web", instance: fullName(identity) });
  const ground = await openGround(identity, metrics);
  const { settings, folders, clock, log, database, keys, vault, cleanup } = ground;
  const failed = failures(log, metrics.errorsTotal);

  const access = await openAccess(settings().http, {
    database,
    clock,
    onSecurityEvent: ({ eventType, source, actionTaken }) =>
      metrics.securityEventsTotal.inc({ event_type: eventType, source, action_taken: actionTaken }),
  });
  cleanup.add("access", access.close);
  const streams = eventStreams(
    { maxStreams: settings().http.maxEventStreams },
    { database, callers: access.callers, log },
  );

  const trigger = httpTrigger({ clock });
  await trigger.start(
    visitIntake(
      {
        lane: release,
        siteId: SITE_ID,
        debounceMs: (doorId) => settings().doors.find(({ id }) => id === doorId)?.debounceMs ?? 0,
        maxTries: () => settings().pipeline.maxTries,
      },
      { database, vault, clock, traceparent: () => inject() ?? newTraceparent() },
    ),
  );
  cleanup.add("http trigger", trigger.stop);

  const people = openPeople({ siteId: SITE_ID, lane: release }, { database, keys, vault, clock });
  const doors = () => settings().doors.map(({ id, name, camera }) => ({ id, name, camera: camera.driver }));
  const timeOfDay = timeOfDayIn(settings().site.timeZone);
  const server = await createServer(
    {
      ...settings().http,
      release,
      ...(process.env.DOORBELL_PAGE && { pageFolder: process.env.DOORBELL_PAGE }),
    },
    {
      access,
      streams,
      clock,
      log,
      plugins: [traceRequests, (app) => measureRequests(app, metrics)],
      routes: [
        ...healthRoutes({
          release,
          instance,
          clock,
          checks: readyChecks(ground),
        }),
        ...statusRoutes(ground, people),
        ...doorbellRoutes({
          ...ground,
          people,
          streams,
          trigger,
          doors,
          scenes: demonstrationScenes,
          checkPhoto: (bytes) => checkPhoto(bytes, settings().recognition.photo),
          view: {
            nameOf: people.nameOf,
            doorName: (doorId) => doors().find(({ id }) => id === doorId)?.name ?? doorId,
            isDemonstration: (doorId) =>
              doors().some(({ id, camera }) => id === doorId && camera === "demonstration"),
          },
          onPress(source, status, seconds) {
            metrics.pipelineEventsTotal.inc({ event_type: "press", status: PRESS_STATUS[status] });
            if (status === "failed") return;
            metrics.pressCommitDurationSeconds.observe(seconds);
            if (status === "accepted") {
              metrics.doorbellTriggersTotal.inc({
                trigger_source: source,
                time_of_day: timeOfDay(clock.now()),
              });
            }
          },
        }),
      ],
    },
  );
  cleanup.add("http server", server.close);
  const { host, port } = settings().http;
  const url = await server.listen({
    network: descriptor === undefined ? { host, port } : { fd: descriptor },
    localSocket: folders.localSocket,
  });
  log.info({ "url.full": url }, "web ready");
  await offerSetup(ground, url).catch((error: unknown) => failed("http", "make setup link", error));
  return ground;
}

const PRESS_STATUS = {
  accepted: "success",
  repeated: "skipped",
  merged: "skipped",
  failed: "failure",
} as const;

/** What must hold before anybody is sent here. The demonstration is ready once its people are enrolled. */
function readyChecks({ database, settings }: Ground): ReadyCheck[] {
  const checks: ReadyCheck[] = [
    {
      name: "database",
      async check() {
        await database.read.selectFrom("site").select("id").executeTakeFirstOrThrow();
        return "pass";
      },
    },
  ];
  if (settings().profile !== "demonstration") return checks;
  const enrolled = async () => ((await readMemo(database.read, DEMONSTRATION_ENROLLED)) ? "pass" : "unknown");
  return [...checks, { name: "demonstration", check: enrolled }];
}

/** While there is no owner, each start offers a new one-time link, on standard output alone. */
async function offerSetup({ database, clock, settings }: Ground, url: string): Promise<void> {
  const owner = await database.read.selectFrom("user").select("id").limit(1).executeTakeFirst();
  if (owner) return;
  const { token } = await createSetupLink(database, { actor: "system", origin: "-", at: clock.now() });
  const base = settings().http.publicUrl ?? url;
  process.stdout.write(
    `\nNobody owns this doorbell yet. Set the owner's password within the hour, once:\n  ${base}/#/setup?token=${token}\n\n`,
  );
}
