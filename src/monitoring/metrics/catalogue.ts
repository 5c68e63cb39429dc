import {
  ACCURACY_SOURCES,
  CHANNELS,
  CONFIDENCE_BUCKETS,
  ERROR_TYPES,
  METHODS,
  NOTIFICATION_TYPES,
  PRESS_EVENTS,
  QUEUES,
  RECOGNITION_RESULTS,
  type Role,
  SECURITY_ACTIONS,
  SECURITY_EVENTS,
  SECURITY_SOURCES,
  SEVERITIES,
  STAGES,
  STATUS_CLASSES,
  STATUSES,
  TRIGGER_SOURCES,
  WORK_EVENTS,
  WORKER_TYPES,
} from "./label-values.ts";
import { TIMES_OF_DAY } from "./time-of-day.ts";

/**
 * The values of one label: a fixed list; a fixed list for each process that feeds the metric; or, where the
 * machine or the household decides, words that say what they are. Open values must be few and bounded.
 */
export type LabelValues =
  | readonly string[]
  | { readonly by: Readonly<Partial<Record<Role, readonly string[]>>> }
  | { readonly open: string };

/** One metric. */
export interface MetricDefinition {
  readonly type: "counter" | "gauge" | "histogram";
  /** What it means, a phrase: the help text of the exposition. */
  readonly help: string;
  /** What one of it is, such as `seconds`. */
  readonly unit: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  /**
   * The processes that feed it. What is read from the database that all share is fed by `ops` alone, so that
   * no sum counts it twice.
   */
  readonly fedBy: readonly Role[];
  /** Upper bounds of a histogram, ascending, without +Inf. */
  readonly buckets?: readonly number[];
  /** A counter that alerts watch: every label set it can have stands at 0 from the start. */
  readonly fromZero?: true;
}

const ALL = ["web", "worker", "ops", "supervisor"] as const;
const WITH_DATABASE = ["web", "worker", "ops"] as const;
/** From a millisecond, dense around the 50 ms that a press may take. */
const FAST = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/**
 * Every metric of the system. Fifteen bear the names, labels, buckets and help of the founding document (see
 * `docs/seed-map.md`). `instance` is added to each sample; the gateway adds `up`.
 */
export const CATALOGUE = {
  pipeline_events_total: {
    type: "counter",
    help: "Total pipeline events processed",
    unit: "events",
    labels: { event_type: { by: { web: PRESS_EVENTS, worker: WORK_EVENTS } }, status: STATUSES },
    fedBy: ["web", "worker"],
    fromZero: true,
  },
  pipeline_processing_duration_seconds: {
    type: "histogram",
    help: "Pipeline processing duration",
    unit: "seconds",
    labels: { stage: STAGES, worker_id: { open: "name of the worker process, such as `worker-1`" } },
    fedBy: ["worker"],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
  },
  pipeline_queue_size: {
    type: "gauge",
    help: "Current pipeline queue sizes",
    unit: "jobs",
    labels: { queue_name: QUEUES, worker_type: WORKER_TYPES },
    fedBy: ["ops"],
  },
  pipeline_queue_oldest_age_seconds: {
    type: "gauge",
    help: "How long the oldest job of a queue has waited, 0 when there is none",
    unit: "seconds",
    labels: { queue_name: QUEUES },
    fedBy: ["ops"],
  },
  pipeline_dead_letters: {
    type: "gauge",
    help: "Jobs of a queue that were given up and kept",
    unit: "jobs",
    labels: { queue_name: QUEUES },
    fedBy: ["ops"],
  },
  pipeline_worker_health: {
    type: "gauge",
    help: "Pipeline worker health status (1=healthy, 0=unhealthy)",
    unit: "1 or 0",
    labels: { worker_id: { open: "name of each worker that should run" }, worker_type: ["pipeline"] },
    fedBy: ["supervisor"],
  },
  face_recognition_requests_total: {
    type: "counter",
    help: "Total face recognition requests",
    unit: "visits",
    labels: { result_type: RECOGNITION_RESULTS, confidence_bucket: CONFIDENCE_BUCKETS },
    fedBy: ["worker"],
    fromZero: true,
  },
  face_recognition_accuracy: {
    type: "gauge",
    help: "Face recognition accuracy percentage",
    unit: "percent",
    labels: { model_version: { open: "id and version of the face engine" } },
    fedBy: ["ops"],
  },
  face_recognition_accuracy_source_info: {
    type: "gauge",
    help: "What face_recognition_accuracy is measured from; always 1, absent while nothing can be measured",
    unit: "1",
    labels: { model_version: { open: "id and version of the face engine" }, source: ACCURACY_SOURCES },
    fedBy: ["ops"],
  },
  known_faces_database_size: {
    type: "gauge",
    help: "Number of known faces in database",
    unit: "faces",
    labels: {},
    fedBy: ["ops"],
  },
  system_cpu_usage_percent: {
    type: "gauge",
    help: "System CPU usage percentage",
    unit: "percent",
    labels: {},
    fedBy: ["ops"],
  },
  system_memory_usage_bytes: {
    type: "gauge",
    help: "System memory usage in bytes",
    unit: "bytes",
    labels: {},
    fedBy: ["ops"],
  },
  system_memory_total_bytes: {
    type: "gauge",
    help: "System memory in bytes, used and free",
    unit: "bytes",
    labels: {},
    fedBy: ["ops"],
  },
  system_disk_usage_percent: {
    type: "gauge",
    help: "System disk usage percentage",
    unit: "percent",
    labels: { mount_point: { open: "where a real disk is mounted" } },
    fedBy: ["ops"],
  },
  doorbell_triggers_total: {
    type: "counter",
    help: "Total doorbell trigger events",
    unit: "visits",
    labels: { trigger_source: TRIGGER_SOURCES, time_of_day: TIMES_OF_DAY },
    fedBy: ["web"],
    fromZero: true,
  },
  notifications_sent_total: {
    type: "counter",
    help: "Total notifications sent",
    unit: "attempts",
    labels: { channel: CHANNELS, notification_type: NOTIFICATION_TYPES, status: STATUSES },
    fedBy: ["ops"],
    fromZero: true,
  },
  user_sessions_active: {
    type: "gauge",
    help: "Active user sessions on web interface",
    unit: "sessions",
    labels: {},
    fedBy: ["ops"],
  },
  errors_total: {
    type: "counter",
    help: "Total system errors",
    unit: "errors",
    labels: {
      component: {
        by: {
          web: ["http", "storage"],
          worker: ["pipeline", "hardware", "recognition", "storage"],
          ops: ["notifications", "monitoring", "storage"],
          supervisor: ["supervisor"],
        },
      },
      error_type: { by: { web: ERROR_TYPES, worker: ERROR_TYPES, ops: ERROR_TYPES, supervisor: ["crash"] } },
      severity: { by: { web: SEVERITIES, worker: SEVERITIES, ops: SEVERITIES, supervisor: ["critical"] } },
    },
    fedBy: ALL,
    fromZero: true,
  },
  security_events_total: {
    type: "counter",
    help: "Security-related events",
    unit: "events",
    labels: { event_type: SECURITY_EVENTS, source: SECURITY_SOURCES, action_taken: SECURITY_ACTIONS },
    fedBy: ["web"],
    fromZero: true,
  },

  supervisor_process_restarts_total: {
    type: "counter",
    help: "Restarts of a process that nobody asked for",
    unit: "restarts",
    labels: { process: { open: "name of each process that should run" } },
    fedBy: ["supervisor"],
  },
  supervisor_process_crash_looping: {
    type: "gauge",
    help: "Process ends again and again and is tried seldom (1=yes, 0=no)",
    unit: "1 or 0",
    labels: { process: { open: "name of each process that should run" } },
    fedBy: ["supervisor"],
  },

  http_request_duration_seconds: {
    type: "histogram",
    help: "Time from the head of a request to the last byte of its answer",
    unit: "seconds",
    labels: {
      route: { open: "pattern of the route, such as `/api/visits/:id`; `unmatched` for none" },
      method: METHODS,
      status_class: STATUS_CLASSES,
    },
    fedBy: ["web"],
    buckets: FAST,
  },
  press_commit_duration_seconds: {
    type: "histogram",
    help: "Time from a press to its durable commit",
    unit: "seconds",
    labels: {},
    fedBy: ["web"],
    buckets: FAST,
  },
  storage_commit_duration_seconds: {
    type: "histogram",
    help: "Time of a database commit, waits for other processes included",
    unit: "seconds",
    labels: {},
    fedBy: WITH_DATABASE,
    buckets: FAST,
  },
  storage_busy_waits_total: {
    type: "counter",
    help: "Times that a write waited for another process to release the database",
    unit: "waits",
    labels: {},
    fedBy: WITH_DATABASE,
  },
  storage_wal_bytes: {
    type: "gauge",
    help: "Size of the database's write-ahead log",
    unit: "bytes",
    labels: {},
    fedBy: ["ops"],
  },
  storage_checkpoint_age_seconds: {
    type: "gauge",
    help: "Time since the write-ahead log was last checkpointed",
    unit: "seconds",
    labels: {},
    fedBy: ["ops"],
  },

  nodejs_eventloop_lag_p99_seconds: {
    type: "gauge",
    help: "How late the event loop ran, 99th percentile since the scrape before",
    unit: "seconds",
    labels: {},
    fedBy: WITH_DATABASE,
  },
  nodejs_heap_size_used_bytes: {
    type: "gauge",
    help: "JavaScript heap in use",
    unit: "bytes",
    labels: {},
    fedBy: WITH_DATABASE,
  },
  process_resident_memory_bytes: {
    type: "gauge",
    help: "Resident memory of the process",
    unit: "bytes",
    labels: {},
    fedBy: ALL,
  },
  process_cpu_seconds_total: {
    type: "counter",
    help: "User and system time that the process took",
    unit: "seconds",
    labels: {},
    fedBy: ALL,
  },
  process_start_time_seconds: {
    type: "gauge",
    help: "When the process started, seconds since the epoch",
    unit: "seconds",
    labels: {},
    fedBy: ALL,
  },
} as const satisfies Record<string, MetricDefinition>;

/** The catalogue's type: the types of the handles are derived from it. */
export type Catalogue = typeof CATALOGUE;
/** The name of a metric. */
export type MetricName = keyof Catalogue;
