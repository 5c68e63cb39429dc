import { setPriority } from "node:os";
import { demonstrationScenes } from "../doorbell/hardware/cameras/demonstration-scenes.ts";
import { openCamera } from "../doorbell/hardware/cameras/open.ts";
import { openGalleries } from "../doorbell/people/gallery-keeper.ts";
import { enrolments } from "../doorbell/pipeline/enrolments.ts";
import { visits } from "../doorbell/pipeline/visits.ts";
import { Worker } from "../doorbell/pipeline/worker.ts";
import { createOnnxEngine } from "../doorbell/recognition/onnx-engine.ts";
import { decodePhoto } from "../doorbell/recognition/photo.ts";
import { DoorbellError } from "../lib/errors.ts";
import { resolveSecret } from "../lib/settings.ts";
import { correlate } from "../monitoring/logging/logger.ts";
import { createMetrics } from "../monitoring/metrics/registry.ts";
import { withRemoteParent } from "../monitoring/tracing/carrier.ts";
import { deliveriesFor } from "../notifications/rules.ts";
import { sqliteQueue } from "../queue/sqlite-queue.ts";
import type { VisitTable } from "../storage/schema.ts";
import { enrolDemonstration } from "./demonstration.ts";
import { failures } from "./failures.ts";
import { fullName, type Ground, type Identity, openGround } from "./ground.ts";
import { countRecognition, stageObserver } from "./observe.ts";

/** Least favoured but two: a press is taken in and answered before a face is looked at. */
const NICENESS = 10;
/** Longest wait before work is looked for whose time has come, ms. */
const POLL_MS = 500;
/** Name of the worker that is always there. */
const FIRST_WORKER = "worker-1";

/** Builds and starts a worker: the stages of the pipeline, from a job to its last act. */
export async function startWorker(identity: Identity): Promise<Ground> {
  setPriority(NICENESS);
  const { instance, release } = identity;
  const metrics = createMetrics({ role: "worker", instance: fullName(identity) });
  const ground = await openGround(identity, metrics);
  const { settings, folders, clock, log, database, keys, vault, cleanup } = ground;
  const failed = failures(log, metrics.errorsTotal);

  const { recognition, doors, pipeline } = settings();
  const engine = await createOnnxEngine(recognition, { graphFolder: folders.models });
  cleanup.add("face engine", engine.close);
  const decode = (bytes: Uint8Array) => decodePhoto(bytes, recognition.photo, recognition.decodeMaxPx);

  const scenes = demonstrationScenes;
  const cameras = new Map(
    doors.map(({ id, camera }) => [id, openCamera(camera, { clock, scenes, secret: resolveSecret })]),
  );
  for (const [door, camera] of cameras) cleanup.add(`camera of ${door}`, camera.close);

  const galleries = await openGalleries(engine.model, {
    database,
    keys,
    onError: (error) => failed("recognition", "follow the library", error),
  });
  cleanup.add("galleries", galleries.close);

  const queue = sqliteQueue(
    { lane: release, holder: fullName(identity), leaseMs: pipeline.leaseMs, backoff: pipeline.retry },
    { database, clock },
  );
  const logOf = (visit: VisitTable) => correlate(log, visit.id, visit.traceparent.split("-")[1]);
  const shared = { database, keys, vault, clock, engine, decode, log };
  const worker = new Worker(
    { leaseMs: pipeline.leaseMs, pollMs: POLL_MS },
    {
      queue,
      log,
      handlers: [
        visits(
          {
            lane: release,
            settings: () => ({ pipeline: settings().pipeline, thresholds: settings().recognition }),
          },
          {
            ...shared,
            cameraOf: (doorId) => cameras.get(doorId) ?? noCamera(doorId),
            nearestIn: galleries.nearestIn,
            plan: (visit) =>
              deliveriesFor(
                {
                  outcome: visit.outcome!,
                  personId: visit.person_id,
                  doorId: visit.door_id,
                  at: visit.accepted_at,
                  synthetic: visit.synthetic === 1,
                },
                {
                  ...settings().notifications,
                  channels: Object.keys(settings().notifications.channels),
                  timeZone: settings().site.timeZone,
                },
              ),
            stages: stageObserver(metrics, instance),
            inTrace: (visit, work) =>
              withRemoteParent(visit.traceparent, "visit", { "visit.id": visit.id }, work),
            logOf,
            onCameraFault: (visit, fault) =>
              failed("hardware", `camera of ${visit.door_id}`, fault, "error", logOf(visit)),
            onDecided: (visit, frames) =>
              countRecognition(metrics, visit, frames, settings().recognition.matchDistance),
          },
        ),
        enrolments({ minFaceWidthPx: () => settings().recognition.minFaceWidthPx }, shared),
      ],
      onEnd(job, end) {
        const event = job.kind === "enrol" ? "enrol" : "visit";
        metrics.pipelineEventsTotal.inc({ event_type: event, status: end.status });
        if (end.status === "success") return;
        const severity = end.status === "retry" ? "warning" : "error";
        failed("pipeline", `${event} ${end.status}`, end.error, severity, correlate(log, job.id));
      },
    },
  );
  await worker.start();
  cleanup.add("worker", () => worker.stop());
  // Not in `ops`, which would keep the decoder for it and has no other use of one.
  if (settings().profile === "demonstration" && instance === FIRST_WORKER) {
    const stopping = new AbortController();
    const enrolling = enrolDemonstration(ground, stopping.signal).catch((error: unknown) => {
      if (!stopping.signal.aborted) failed("pipeline", "enrol the demonstration's people", error);
    });
    cleanup.add("demonstration", () => {
      stopping.abort();
      return enrolling;
    });
  }
  log.info({ "face.model": engine.model }, "worker ready");
  return ground;
}

function noCamera(doorId: string): never {
  throw new DoorbellError(`capture at ${doorId}: the configuration has no such door any more`, {
    code: "door_unknown",
    hint: "Bring the door back into the configuration, or leave the visit to the dead letters.",
  });
}
