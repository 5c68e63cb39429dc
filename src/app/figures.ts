import { measureAccuracy } from "../doorbell/people/accuracy.ts";
import type { Metrics } from "../monitoring/metrics/registry.ts";
import { feedSystem } from "../monitoring/metrics/system.ts";
import type { Queue } from "../queue/queue.ts";
import type { Checkpointer } from "../storage/checkpoint.ts";
import type { Ground } from "./ground.ts";

/** A session counts as active while it was used within the last five minutes. */
const ACTIVE_MS = 5 * 60_000;

/** Where the figures come from, beside the database. */
export interface FigureSources {
  readonly queue: Queue;
  readonly checkpoints: Pick<Checkpointer, "figures">;
}

/** Feeds at each scrape what `ops` alone tells: the machine, the queues, the library, the sessions. */
export function feedFigures(
  metrics: Metrics<"ops">,
  ground: Ground,
  { queue, checkpoints }: FigureSources,
): void {
  const { database, clock } = ground;
  feedSystem(metrics);

  metrics.onScrape(() => {
    const { walBytes, ageMs } = checkpoints.figures();
    metrics.storageWalBytes.set(walBytes);
    metrics.storageCheckpointAgeSeconds.set(ageMs / 1_000);
  });

  metrics.onScrape(async () => {
    const depth = await queue.depth();
    for (const name of ["visit", "enrol"] as const) {
      const { open = 0, dead = 0, oldestAt = null } = depth.find(({ kind }) => kind === name) ?? {};
      metrics.pipelineQueueSize.set({ queue_name: name, worker_type: "pipeline" }, open);
      metrics.pipelineDeadLetters.set({ queue_name: name }, dead);
      metrics.pipelineQueueOldestAgeSeconds.set({ queue_name: name }, ageOf(oldestAt, clock.now()));
    }
  });

  metrics.onScrape(async () => {
    const rows = await database.read
      .selectFrom("outbox")
      .where("state", "in", ["waiting", "dead"])
      .groupBy("state")
      .select((eb) => ["state", eb.fn.countAll<number>().as("count"), eb.fn.min("created_at").as("oldest")])
      .execute();
    const waiting = rows.find(({ state }) => state === "waiting");
    metrics.pipelineQueueSize.set({ queue_name: "outbox", worker_type: "delivery" }, waiting?.count ?? 0);
    metrics.pipelineQueueOldestAgeSeconds.set(
      { queue_name: "outbox" },
      ageOf(waiting?.oldest ?? null, clock.now()),
    );
    metrics.pipelineDeadLetters.set(
      { queue_name: "outbox" },
      rows.find(({ state }) => state === "dead")?.count ?? 0,
    );
  });

  metrics.onScrape(async () => {
    const faces = await database.read
      .selectFrom("enrolment")
      .where("kind", "=", "like")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    metrics.knownFacesDatabaseSize.set(faces.count);
    const sessions = await database.read
      .selectFrom("session")
      .where("last_seen_at", ">", clock.now() - ACTIVE_MS)
      .where("expires_at", ">", clock.now())
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    metrics.userSessionsActive.set(sessions.count);
  });

  metrics.onScrape(async () => {
    const { matchDistance } = ground.settings().recognition;
    const accuracy = await measureAccuracy(ground, { matchDistance, now: clock.now() });
    metrics.faceRecognitionAccuracy.clear();
    metrics.faceRecognitionAccuracySourceInfo.clear();
    if (!accuracy) return;
    const { model, source, percent } = accuracy;
    metrics.faceRecognitionAccuracy.set({ model_version: model }, percent);
    metrics.faceRecognitionAccuracySourceInfo.set({ model_version: model, source }, 1);
  });
}

function ageOf(at: number | null, now: number): number {
  return at === null ? 0 : Math.max(0, (now - Number(at)) / 1_000);
}
