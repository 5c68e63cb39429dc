import type { PlannedDelivery } from "../../notifications/rules.ts";
import type { LeasedJob } from "../../queue/queue.ts";
import type { VisitTable } from "../../storage/schema.ts";
import type { Camera } from "../hardware/cameras/camera.ts";
import type { VisitJob } from "../visit/accept.ts";
import type { Decision, Nearest } from "../visit/decision.ts";
import { type ExamineSettings, type ExamineWith, examine } from "./examine.ts";
import type { JobHandler } from "./job-handler.ts";
import type { StageObserver } from "./stage.ts";
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
export interface VisitsDeps extends Omit<ExamineWith, "camera" | "nearest" | "stages">, RecordDeps {
  readonly cameraOf: (doorId: string) => Camera;
  /** The nearest person of a site, as the library stands now. */
  readonly nearestIn: (siteId: string) => Promise<(embedding: Float32Array) => Nearest | null>;
  /** Who is told of a decided visit. */
  readonly plan: (visit: VisitTable) => readonly PlannedDelivery[];
  /** Surrounds the stages of one visit, continuing the trace of its press. */
  readonly observerOf: (visit: VisitTable) => StageObserver;
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

  return {
    kind: "visit",
    async run(job, signal) {
      const { visitId, scene } = job.payload as VisitJob;
      const visit = await readVisit(visitId);
      const stages = deps.observerOf(visit);
      let dead: string | null = null;
      if (visit.state !== "decided") {
        const settings = config.settings();
        const task = { visitId, pressedAt: visit.accepted_at, scene, hold: job };
        const camera = deps.cameraOf(visit.door_id);
        const nearest = await deps.nearestIn(visit.site_id);
        const seen = await examine(task, settings, { ...deps, camera, nearest, stages }, signal);
        dead = seen.unreadable?.message ?? null;
        const { thresholds } = settings;
        await stages.run("record", () =>
          record({ visitId, hold: job, model: deps.engine.model, thresholds, ...seen }, deps),
        );
        deps.onDecided(await readVisit(visitId), seen.frames);
      }
      await stages.run("notify", () => tell(visitId, job, dead));
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
