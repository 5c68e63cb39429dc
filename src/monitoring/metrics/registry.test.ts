import { describe, expect, expectTypeOf, it } from "vitest";
import { CATALOGUE, type MetricDefinition } from "./catalogue.ts";
import type { Role, WORK_EVENTS } from "./label-values.ts";
import { createMetrics } from "./registry.ts";

/** The lines of an exposition that are samples, without the metrics of other names. */
async function samples(metrics: { exposition(): Promise<string> }, name: string): Promise<string[]> {
  return (await metrics.exposition()).split("\n").filter((line) => line.startsWith(name));
}

describe("metrics of a process", () => {
  it.each<Role>(["web", "worker", "ops", "supervisor"])(
    "are those that %s feeds, and no others",
    async (role) => {
      const text = await createMetrics({ role, instance: "x" }).exposition();
      const exposed = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
      const expected = Object.entries<MetricDefinition>(CATALOGUE)
        .filter(([, { fedBy }]) => fedBy.includes(role))
        .map(([name, { type }]) => `${name} ${type}`);
      expect(exposed).toEqual(expected);
    },
  );

  it("bear the instance", async () => {
    const metrics = createMetrics({ role: "web", instance: "web-7" });
    metrics.storageBusyWaitsTotal.inc(3);
    expect(await samples(metrics, "storage_busy_waits_total")).toEqual([
      'storage_busy_waits_total{instance="web-7"} 3',
    ]);
  });

  it("start at zero with every label set that the process can produce, where alerts watch", async () => {
    const worker = await samples(createMetrics({ role: "worker", instance: "w" }), "pipeline_events_total");
    expect(worker).toHaveLength(8 * 4);
    expect(worker).toContain('pipeline_events_total{event_type="capture",status="failure",instance="w"} 0');
    const web = await samples(createMetrics({ role: "web", instance: "w" }), "pipeline_events_total");
    expect(web.map((line) => /event_type="(\w+)"/.exec(line)?.[1])).toEqual([
      "press",
      "press",
      "press",
      "press",
    ]);
  });

  it("count from the zero they start at", async () => {
    const metrics = createMetrics({ role: "web", instance: "w" });
    metrics.errorsTotal.inc({ severity: "error", error_type: "storage", component: "storage" });
    const counted = await samples(metrics, "errors_total");
    expect(counted).toHaveLength(2 * 5 * 3);
    expect(counted.filter((line) => line.endsWith(" 1"))).toHaveLength(1);
  });

  it("leave a gauge out until it is set, and again when it is cleared", async () => {
    const metrics = createMetrics({ role: "ops", instance: "o" });
    expect(await samples(metrics, "known_faces_database_size")).toEqual([]);
    metrics.knownFacesDatabaseSize.set(0);
    metrics.faceRecognitionAccuracy.set({ model_version: "m" }, 97);
    expect(await samples(metrics, "known_faces_database_size")).toHaveLength(1);
    metrics.knownFacesDatabaseSize.clear();
    metrics.faceRecognitionAccuracy.clear();
    expect(await samples(metrics, "known_faces_database_size")).toEqual([]);
    expect(await samples(metrics, "face_recognition_accuracy{")).toEqual([]);
  });

  it("sort observations into the buckets of the catalogue", async () => {
    const metrics = createMetrics({ role: "worker", instance: "w" });
    metrics.pipelineProcessingDurationSeconds.labels({ stage: "detect", worker_id: "worker-1" }).observe(0.2);
    const buckets = await samples(metrics, "pipeline_processing_duration_seconds_bucket");
    expect(buckets.map((line) => /le="([^"]+)".* (\d+)$/.exec(line)?.slice(1).join(" "))).toEqual([
      "0.01 0",
      "0.05 0",
      "0.1 0",
      "0.25 1",
      "0.5 1",
      "1 1",
      "2.5 1",
      "5 1",
      "10 1",
      "+Inf 1",
    ]);
  });

  it("are fed anew before each exposition, and survive a feed that fails", async () => {
    const errors: unknown[] = [];
    const metrics = createMetrics({ role: "ops", instance: "o", onFeedError: (error) => errors.push(error) });
    let size = 0;
    metrics.onScrape(() => {
      throw new Error("no table");
    });
    metrics.onScrape(async () => metrics.knownFacesDatabaseSize.set(++size));
    await metrics.exposition();
    expect(await samples(metrics, "known_faces_database_size")).toEqual([
      'known_faces_database_size{instance="o"} 2',
    ]);
    expect(errors).toHaveLength(2);
  });

  it("do not meet those of another registry in the same process", async () => {
    const one = createMetrics({ role: "web", instance: "one" });
    const other = createMetrics({ role: "web", instance: "other" });
    one.storageBusyWaitsTotal.inc();
    expect(await samples(other, "storage_busy_waits_total")).toEqual([
      'storage_busy_waits_total{instance="other"} 0',
    ]);
  });

  it("have no handle for what another process feeds, and take no label or value of their own making", () => {
    const worker = createMetrics({ role: "worker", instance: "w" });
    // @ts-expect-error: the supervisor feeds it
    expect(worker.pipelineWorkerHealth).toBeUndefined();
    // @ts-expect-error: no such label
    expect(() => worker.storageBusyWaitsTotal.inc({ table: "visit" })).toThrow();
    type Labels = {
      readonly event_type: (typeof WORK_EVENTS)[number];
      readonly status: "success" | "retry" | "failure" | "skipped";
    };
    expectTypeOf(worker.pipelineEventsTotal.inc).parameters.toEqualTypeOf<[labels: Labels, by?: number]>();
    expectTypeOf(worker.storageCommitDurationSeconds.observe).parameters.toEqualTypeOf<[value: number]>();
  });
});
