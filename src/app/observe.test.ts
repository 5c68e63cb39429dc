import { describe, expect, it } from "vitest";
import type { RecognisedFrame } from "../doorbell/pipeline/stages/recognise.ts";
import { createMetrics } from "../monitoring/metrics/registry.ts";
import type { VisitTable } from "../storage/schema.ts";
import { countRecognition, stageObserver } from "./observe.ts";

/** A worker's metrics, and the lines among them that are not 0. */
function workerMetrics() {
  const metrics = createMetrics({ role: "worker", instance: "w" });
  const lines = async (name: string): Promise<string[]> =>
    (await metrics.exposition()).split("\n").filter((line) => line.startsWith(name) && !line.endsWith(" 0"));
  return { metrics, lines };
}

describe("the observer of stages", () => {
  it("counts and times a stage that succeeds, and passes its result on", async () => {
    const { metrics, lines } = workerMetrics();
    expect(await stageObserver(metrics, "worker-1").run("detect", async () => 7)).toBe(7);
    expect(await lines("pipeline_events_total")).toEqual([
      'pipeline_events_total{event_type="detect",status="success",instance="w"} 1',
    ]);
    expect(await lines("pipeline_processing_duration_seconds_count")).toEqual([
      'pipeline_processing_duration_seconds_count{instance="w",stage="detect",worker_id="worker-1"} 1',
    ]);
  });

  it("counts and times a stage that fails, and passes its error on", async () => {
    const { metrics, lines } = workerMetrics();
    const broken = new Error("broken");
    const run = stageObserver(metrics, "worker-1").run("record", () => Promise.reject(broken));
    await expect(run).rejects.toBe(broken);
    expect(await lines("pipeline_events_total")).toEqual([
      'pipeline_events_total{event_type="record",status="failure",instance="w"} 1',
    ]);
    expect(await lines("pipeline_processing_duration_seconds_count")).toHaveLength(1);
  });
});

describe("what is counted of recognition", () => {
  const frame = (...distances: (number | null)[]): RecognisedFrame => ({
    ...{ captureId: "c", width: 1, height: 1 },
    faces: distances.map((distance) => ({
      ...{ box: { x: 0, y: 0, width: 1, height: 1 }, score: 1, embedding: new Float32Array(1) },
      nearest: distance === null ? null : { personId: "p", watchlisted: false, distance },
    })),
  });

  it.each([
    [{ outcome: "known" }, [frame(0.7), frame(0.3)], "known", "high"],
    [{ outcome: "unknown" }, [frame(0.55, 0.9)], "unknown", "low"],
    [{ outcome: "unknown" }, [frame(null)], "unknown", "none"],
    [{ outcome: "no_face" }, [frame()], "no_face", "none"],
  ] as const)(
    "is the outcome and how near the nearest person was: %j",
    async (over, frames, result, bucket) => {
      const { metrics, lines } = workerMetrics();
      countRecognition(metrics, { synthetic: 0, ...over } as VisitTable, frames, 0.5);
      expect(await lines("face_recognition_requests_total")).toEqual([
        `face_recognition_requests_total{result_type="${result}",confidence_bucket="${bucket}",instance="w"} 1`,
      ]);
    },
  );

  it.each([
    { outcome: "no_frame", synthetic: 0 },
    { outcome: "known", synthetic: 1 },
    { outcome: null, synthetic: 0 },
  ] as const)("leaves out %j", async (visit) => {
    const { metrics, lines } = workerMetrics();
    countRecognition(metrics, visit as VisitTable, [], 0.5);
    expect(await lines("face_recognition_requests_total")).toEqual([]);
  });
});
