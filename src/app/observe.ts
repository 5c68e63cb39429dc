import type { StageName, StageObserver } from "../doorbell/pipeline/stage.ts";
import type { RecognisedFrame } from "../doorbell/pipeline/stages/recognise.ts";
import { failpoint } from "../lib/failpoint.ts";
import { confidenceBucket } from "../monitoring/metrics/label-values.ts";
import type { Metrics } from "../monitoring/metrics/registry.ts";
import { span } from "../monitoring/tracing/carrier.ts";
import type { VisitTable } from "../storage/schema.ts";

type WorkerMetrics = Pick<
  Metrics<"worker">,
  "pipelineEventsTotal" | "pipelineProcessingDurationSeconds" | "faceRecognitionRequestsTotal"
>;

/** A span, a sample of the duration and a count for each run of a stage. */
export function stageObserver(metrics: WorkerMetrics, workerId: string): StageObserver {
  const bound = new Map<StageName, { observe(seconds: number): void }>();
  const durationOf = (stage: StageName) => {
    const known =
      bound.get(stage) ?? metrics.pipelineProcessingDurationSeconds.labels({ stage, worker_id: workerId });
    bound.set(stage, known);
    return known;
  };
  return {
    async run(stage, work, failureOf) {
      const began = performance.now();
      failpoint(`${stage}.begun`);
      try {
        const result = await span(stage, { "doorbell.stage": stage }, work);
        const status = failureOf?.(result) ? "failure" : "success";
        metrics.pipelineEventsTotal.inc({ event_type: stage, status });
        return result;
      } catch (error) {
        metrics.pipelineEventsTotal.inc({ event_type: stage, status: "failure" });
        throw error;
      } finally {
        durationOf(stage).observe((performance.now() - began) / 1_000);
      }
    },
  };
}

/** Counts what recognition said of a visit that had a picture. */
export function countRecognition(
  metrics: WorkerMetrics,
  visit: VisitTable,
  frames: readonly RecognisedFrame[],
  matchDistance: number,
): void {
  if (visit.outcome === null || visit.outcome === "no_frame" || visit.synthetic === 1) return;
  const nearest = frames.flatMap(({ faces }) =>
    faces.flatMap((face) => (face.nearest ? [face.nearest.distance] : [])),
  );
  const distance = nearest.length > 0 ? Math.min(...nearest) : undefined;
  metrics.faceRecognitionRequestsTotal.inc({
    result_type: visit.outcome,
    confidence_bucket: confidenceBucket(distance, matchDistance),
  });
}
