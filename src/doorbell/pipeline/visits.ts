import type { Logger } from "pino";
import type { PlannedDelivery } from "../../notifications/rules.ts";
import type { LeasedJob } from "../../queue/queue.ts";
import type { VisitTable } from "../../storage/schema.ts";
import type { Camera, CameraError } from "../hardware/cameras/camera.ts";
import type { VisitJob } from "../visit/accept.ts";
import type { Decision, Nearest } from "../visit/decision.ts";
import { type ExamineSettings, type ExamineWith, examine } from "./examine.ts";
import type { JobHandler } from "./job-handler.ts";
import { notify } from "./stages/notify.ts";
import type { RecognisedFrame } from "./stages/recognise.ts";
import { type RecordDeps, record } from "./stages/record.ts";

/** How visits are done. */
export interface VisitsConfig {
  /** The release that works here. */
  readonly lane: string;
  /** Read anew for each visit: these may change while the system runs. */
  readonly settings: () => ExamineSettings;
}

/** What visits need. */
export interface VisitsDeps
  extends Omit<ExamineWith, "camera" | "nearest" | "log" | "onCameraFault">,
    RecordDeps {
  readonly cameraOf: (doorId: string) => Camera;
  /** The nearest person of a site, as the library stands now. */
  readonly nearestIn: (siteId: string) => Promise<(embedding: Float32Array) => Nearest | null>;
  /** Who is told of a decided visit. */
  readonly plan: (visit: VisitTable) => readonly PlannedDelivery[];
  /** Runs the work of a visit as part of the trace of its press. */
  readonly inTrace: (visit: VisitTable, work: () => Promise<void>) => Promise<void>;
  /** The log whose lines bear the visit. */
  readonly logOf: (visit: VisitTable) => Logger;
  /** Told of a camera that gave no frame at all to a visit. */
  readonly onCameraFault: (visit: VisitTable, fault: CameraError) => void;
  /** Told of each visit once it is decided. */
  readonly onDecided: (visit: VisitTable, frames: readonly RecognisedFrame[]) => void;
}

/**
 * The path of a visit through the pipeline: capture, detect, recognise, decide, record, notify. What is
 * durable is not done again: a visit that was decided before a crash is only told of.
 */
export function visits(config: VisitsConfig, deps: VisitsDeps): JobHandler {
  const readVisit = (id: string): Promise<VisitTable> =>
    deps.database.read.selectFrom("visit").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

  const tell = async (visitId: string, job: LeasedJob, dead: string | null): Promise<void> => {
    const visit = await readVisit(visitId);
    await notify({ visit, hold: job, deliveries: deps.plan(visit), lane: config.lane, dead }, deps);
  };

  /** Looks, decides and records. @returns why nothing of it could be read: then the job is one for the dead letters */
  const settle = async (visit: VisitTable, job: LeasedJob, signal: AbortSignal): Promise<string | null> => {
    const settings = config.settings();
    const { scene } = job.payload as VisitJob;
    const task = { visitId: visit.id, pressedAt: visit.accepted_at, scene, hold: job };
    const camera = deps.cameraOf(visit.door_id);
    const nearest = await deps.nearestIn(visit.site_id);
    const ofVisit = {
      log: deps.logOf(visit),
      onCameraFault: (fault: CameraError) => deps.onCameraFault(visit, fault),
    };
    const seen = await examine(task, settings, { ...deps, camera, nearest, ...ofVisit }, signal);
    const { decision, frames, unreadable } = seen;
    const recorded = { visitId: visit.id, hold: job, model: deps.engine.model, decision, frames };
    await deps.stages.run("record", () => record({ ...recorded, thresholds: settings.thresholds }, deps));
    const decided = await readVisit(visit.id);
    deps
      .logOf(visit)
      .info({ "visit.outcome": decided.outcome, "visit.frames": frames.length }, "visit decided");
    deps.onDecided(decided, frames);
    return unreadable?.message ?? null;
  };

  return {
    kind: "visit",
    async run(job, signal) {
      const { visitId } = job.payload as VisitJob;
      const visit = await readVisit(visitId);
      await deps.inTrace(visit, async () => {
        const dead = visit.state === "decided" ? null : await settle(visit, job, signal);
        await deps.stages.run("notify", () => tell(visitId, job, dead));
      });
    },
    async giveUp(job, why) {
      const { visitId } = job.payload as VisitJob;
      const visit = await readVisit(visitId);
      if (visit.state !== "decided") {
        const decision: Decision = {
          outcome: "no_frame",
          personId: null,
          distance: null,
          evidence: null,
          reason: why.code,
        };
        const { thresholds } = config.settings();
        const model = deps.engine.model;
        await record({ visitId, hold: job, model, thresholds, decision, frames: [] }, deps);
      }
      await tell(visitId, job, why.message);
    },
  };
}
