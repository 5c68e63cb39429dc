import { describe, expect, it } from "vitest";
import { CATALOGUE, type MetricDefinition } from "./catalogue.ts";

const entries = Object.entries<MetricDefinition>(CATALOGUE);

/** Copied from the founding document: type, labels, help. */
const SEED: Record<string, [string, string[], string]> = {
  pipeline_events_total: ["counter", ["event_type", "status"], "Total pipeline events processed"],
  pipeline_processing_duration_seconds: ["histogram", ["stage", "worker_id"], "Pipeline processing duration"],
  pipeline_queue_size: ["gauge", ["queue_name", "worker_type"], "Current pipeline queue sizes"],
  pipeline_worker_health: [
    "gauge",
    ["worker_id", "worker_type"],
    "Pipeline worker health status (1=healthy, 0=unhealthy)",
  ],
  face_recognition_requests_total: [
    "counter",
    ["result_type", "confidence_bucket"],
    "Total face recognition requests",
  ],
  face_recognition_accuracy: ["gauge", ["model_version"], "Face recognition accuracy percentage"],
  known_faces_database_size: ["gauge", [], "Number of known faces in database"],
  system_cpu_usage_percent: ["gauge", [], "System CPU usage percentage"],
  system_memory_usage_bytes: ["gauge", [], "System memory usage in bytes"],
  system_disk_usage_percent: ["gauge", ["mount_point"], "System disk usage percentage"],
  doorbell_triggers_total: ["counter", ["trigger_source", "time_of_day"], "Total doorbell trigger events"],
  notifications_sent_total: [
    "counter",
    ["channel", "notification_type", "status"],
    "Total notifications sent",
  ],
  user_sessions_active: ["gauge", [], "Active user sessions on web interface"],
  errors_total: ["counter", ["component", "error_type", "severity"], "Total system errors"],
  security_events_total: ["counter", ["event_type", "source", "action_taken"], "Security-related events"],
};

describe("the catalogue", () => {
  it.each(Object.entries(SEED))(
    "has %s as the founding document defines it",
    (name, [type, labels, help]) => {
      const definition = entries.find(([known]) => known === name)?.[1];
      expect(definition).toMatchObject({ type, help });
      expect(Object.keys(definition?.labels ?? {})).toEqual(labels);
    },
  );

  it("has the founding document's buckets", () => {
    const { buckets } = CATALOGUE.pipeline_processing_duration_seconds;
    expect(buckets).toEqual([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]);
  });

  it.each(entries)("defines %s wholly", (name, { type, fedBy, buckets, labels, fromZero }) => {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    expect(fedBy.length).toBeGreaterThan(0);
    expect(buckets !== undefined).toBe(type === "histogram");
    expect(buckets ?? []).toEqual([...(buckets ?? [])].sort((a, b) => a - b));
    for (const values of Object.values(labels)) {
      if (!("by" in values)) continue;
      expect(Object.keys(values.by).sort()).toEqual([...fedBy].sort());
    }
    if (fromZero) expect(Object.values(labels).some((values) => "open" in values)).toBe(false);
  });

  it("starts at zero what alerts watch", () => {
    const watched = entries.filter(([, { fromZero }]) => fromZero).map(([name]) => name);
    expect(watched).toEqual([
      "pipeline_events_total",
      "face_recognition_requests_total",
      "doorbell_triggers_total",
      "notifications_sent_total",
      "errors_total",
      "security_events_total",
    ]);
  });
});
