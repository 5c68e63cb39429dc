import type { Logger } from "pino";
import type { PlannedDelivery } from "../../notifications/rules.ts";
import type { LeasedJob } from "../../queue/queue.ts";
import type { VisitTable } from "../../storage/schema.ts";
import type { Camera } from "../hardware/cameras/camera.ts";
import type { FaceEngine } from "../recognition/face-engine.ts";
import { PhotoError } from "../recognition/photo-error.ts";
import type { VisitJob } from "../visit/accept.ts";
import { type Decision, decide, type Nearest, type Thresholds } from "../visit/decision.ts";
import type { JobHandler } from "./job-handler.ts";
import type { PipelineSettings } from "./settings.ts";
import type { StageObserver } from "./stage.ts";
import { type CaptureDeps, capture } from "./stages/capture.ts";
import { type DetectDeps, detect } from "./stages/detect.ts";
import { notify } from "./stages/notify.ts";
import { type RecognisedFrame, recognise } from "./stages/recognise.ts";
import { type RecordDeps, record } from "./stages/record.ts";

/** What may be changed while the system runs is read anew for each visit. */
export interface VisitsConfig {
  readonly lane: string;
  readonly pipeline: () => PipelineSettings;
  readonly thresholds: () => Thresholds;
}

/** What visits need. */
export interface VisitsDeps extends CaptureDeps, DetectDeps, RecordDeps {
  readonly engine: FaceEngine;
  readonly cameraOf: (doorId: string) => Camera;
  /** The nearest person of a site, as the library stands now. */
  readonly nearestIn: (siteId: string) => Promise<(embedding: Float32Array) => Nearest | null>;
  /** Who is told of a decided visit. */
  readonly plan: (visit: VisitTable) => readonly PlannedDelivery[];
  /** Surrounds the stages of one visit, continuing the trace of its press. */
  readonly observerOf: (visit: VisitTable) => StageObserver;
  readonly onDecided: (visit: VisitTable, frames: readonly RecognisedFrame[]) => void;
  readonly log: Logger;
}

/**
 * The path of a visit through the pipeline: capture, detect, recognise, decide, record, notify. What is
 * durable is not done again: a visit that was decided before a crash is only told of.
 */
export function visits(config: VisitsConfig, deps: VisitsDeps): JobHandler {
  const readVisit = (id: string): Promise<VisitTable> =>
    deps.database.read.selectFrom("visit").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

  /** Looks at frame after frame until one is decisive. */
  async function look(visit: VisitTable, job: LeasedJob, stages: StageObserver, signal: AbortSignal) {
    const settings = config.pipeline();
    const thresholds = config.thresholds();
    const nearest = await deps.nearestIn(visit.site_id);
    const bounds = {
      frames: settings.framesPerVisit,
      intervalMs: settings.frameIntervalMs,
      firstFrameTimeoutMs: settings.firstFrameTimeoutMs,
      totalTimeoutMs: settings.captureTimeoutMs,
    };
    const { scene } = job.payload as VisitJob;
    const task = { visitId: visit.id, pressedAt: visit.accepted_at, scene, hold: job };
    const source = capture(task, deps.cameraOf(visit.door_id), bounds, deps, signal);
    const frames: RecognisedFrame[] = [];
    let unreadable: PhotoError | undefined;
    try {
      for (let left = settings.framesPerVisit - 1; ; left--) {
        const next = await stages.run("capture", () => source.next());
        if (next.done) {
          const decision = decide(viewsOf(frames), 0, thresholds)!;
          const reason = decision.outcome === "no_frame" ? (unreadable ?? next.value)?.code : undefined;
          return {
            frames,
            thresholds,
            unreadable,
            decision: { ...decision, reason: reason ?? decision.reason },
          };
        }
        try {
          const found = await stages.run("detect", () => detect(next.value, deps));
          const maxFaces = settings.maxFacesPerFrame;
          frames.push(
            await stages.run("recognise", () => recognise(found, { engine: deps.engine, nearest, maxFaces })),
          );
        } catch (error) {
          if (!(error instanceof PhotoError)) throw error;
          unreadable = error;
          deps.log.warn({ err: error, "visit.id": visit.id }, "frame left out");
        }
        const decision = await stages.run("decide", async () => decide(viewsOf(frames), left, thresholds));
        if (decision) return { frames, thresholds, decision };
      }
    } finally {
      await source.return(null);
    }
  }

  return {
    kind: "visit",
    async run(job, signal) {
      const visit = await readVisit((job.payload as VisitJob).visitId);
      const stages = deps.observerOf(visit);
      let dead: string | null = null;
      if (visit.state !== "decided") {
        const seen = await look(visit, job, stages, signal);
        if (seen.decision.outcome === "no_frame") dead = seen.unreadable?.message ?? null;
        const task = { visitId: visit.id, hold: job, model: deps.engine.model, ...seen };
        await stages.run("record", () => record(task, deps));
        deps.onDecided(await readVisit(visit.id), seen.frames);
      }
      await stages.run("notify", () => tell(visit.id, job, dead));
    },
    async giveUp(job, why) {
      const visit = await readVisit((job.payload as VisitJob).visitId);
      if (visit.state !== "decided") {
        const decision: Decision = {
          outcome: "no_frame",
          personId: null,
          distance: null,
          evidence: null,
          reason: why.code,
        };
        const task = { visitId: visit.id, hold: job, model: deps.engine.model, decision };
        await record({ ...task, frames: [], thresholds: config.thresholds() }, deps);
      }
      await tell(visit.id, job, why.message);
    },
  };

  async function tell(visitId: string, job: LeasedJob, dead: string | null): Promise<void> {
    const visit = await readVisit(visitId);
    await notify({ visit, hold: job, deliveries: deps.plan(visit), lane: config.lane, dead }, deps);
  }
}

function viewsOf(frames: readonly RecognisedFrame[]) {
  return frames.map(({ faces }) => faces.map(({ box, nearest }) => ({ widthPx: box.width, nearest })));
}
