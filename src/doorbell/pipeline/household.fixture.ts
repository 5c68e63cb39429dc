import { join } from "node:path";
import { pino } from "pino";
import { manualClock } from "../../lib/clock.ts";
import type { PlannedDelivery } from "../../notifications/rules.ts";
import type { Queue } from "../../queue/queue.ts";
import { sqliteQueue } from "../../queue/sqlite-queue.ts";
import { fileVault, type Vault } from "../../storage/vault.ts";
import { type TestStore, testStore } from "../../testing/database.ts";
import type { Camera } from "../hardware/cameras/camera.ts";
import { demonstrationCamera } from "../hardware/cameras/demonstration.ts";
import { demonstrationPeople, demonstrationScenes } from "../hardware/cameras/demonstration-scenes.ts";
import type { SceneFrame } from "../hardware/cameras/scene.ts";
import type { OnPress, Press } from "../hardware/triggers/trigger.ts";
import { type GalleryKeeper, openGalleries } from "../people/gallery-keeper.ts";
import type { By } from "../people/library.ts";
import { openPeople, type People } from "../people/people.ts";
import type { FaceEngine } from "../recognition/face-engine.ts";
import { shippedSettings } from "../recognition/fixtures.ts";
import { decodePhoto } from "../recognition/photo.ts";
import { visitIntake } from "../visit/accept.ts";
import { findVisit, type VisitDetail } from "../visit/visits.ts";
import { enrolments } from "./enrolments.ts";
import { pipelineSettings } from "./settings.ts";
import { visits } from "./visits.ts";
import { type JobEnd, Worker } from "./worker.ts";

/** The wing with all its real parts on a database of its own: a door, its camera, the library and a worker. */
export interface Household extends AsyncDisposable {
  readonly store: TestStore;
  readonly vault: Vault;
  readonly people: People;
  readonly galleries: GalleryKeeper;
  readonly queue: Queue;
  /** Runs from the start; `stop` it to be alone with the queue. */
  readonly worker: Worker;
  /** Starts another worker on the same queue, as after a crash of the first. */
  startWorker(): Promise<Worker>;
  /** Presses at the front door and resolves with the visit when it is done. */
  visit(press?: Partial<Press>): Promise<VisitDetail>;
  /** Presses and does not wait. */
  press: (press?: Partial<Press>) => Promise<string>;
  /** Resolves with the visit when it is done. */
  done(visitId: string): Promise<VisitDetail>;
  /** How each try of a job ended. */
  readonly ends: readonly JobEnd[];
  /** Every run of a stage, in order. */
  readonly stages: readonly string[];
}

/** What differs from the demonstration. */
export interface HouseholdOptions {
  readonly camera?: Camera;
  readonly pipeline?: Readonly<Record<string, unknown>>;
  readonly plan?: readonly PlannedDelivery[];
}

/** Who does what tests do. */
export const by: By = { actor: "user:test", origin: "127.0.0.1", at: 1 };

/** Opens it; `await using` closes it. @param engine shared by the tests of a file */
export async function openHousehold(
  engine: FaceEngine,
  { camera, pipeline, plan = [] }: HouseholdOptions = {},
): Promise<Household> {
  const store = await testStore();
  const { database, keys, clock } = store;
  const vault = fileVault(join(store.folder, "captures"), keys);
  const shared = { database, keys, vault, clock, engine, log: pino({ level: "silent" }) };
  const settings = pipelineSettings.parse({ frameIntervalMs: 0, ...pipeline });
  const galleries = await openGalleries(engine.model, { database, keys, onError: fail });
  const atDoor = camera ?? demonstrationCamera({}, { clock, scenes: demonstrationScenes });
  const queueOf = (holder: string): Queue =>
    sqliteQueue({ lane: "blue", holder, leaseMs: settings.leaseMs, backoff: settings.retry }, store);
  const ends: JobEnd[] = [];
  const stages: string[] = [];
  const decode = (bytes: Uint8Array) =>
    decodePhoto(bytes, shippedSettings.photo, shippedSettings.decodeMaxPx);
  const visitsConfig = {
    lane: "blue",
    settings: () => ({ pipeline: settings, thresholds: shippedSettings }),
  };

  const handlers = [
    visits(visitsConfig, {
      ...shared,
      decode,
      cameraOf: () => atDoor,
      nearestIn: galleries.nearestIn,
      plan: () => plan,
      stages: {
        run(stage, work) {
          stages.push(stage);
          return work();
        },
      },
      inTrace: (_, work) => work(),
      logOf: () => shared.log,
      onCameraFault: () => {},
      onDecided: () => {},
    }),
    enrolments({ minFaceWidthPx: () => shippedSettings.minFaceWidthPx }, { ...shared, decode }),
  ];
  const workers: Worker[] = [];
  const startWorker = async (): Promise<Worker> => {
    const worker = new Worker(
      { leaseMs: settings.leaseMs, pollMs: 20 },
      { queue: queueOf("blue/worker-1"), log: shared.log, handlers, onEnd: (_, end) => ends.push(end) },
    );
    workers.push(worker);
    await worker.start();
    return worker;
  };
  const onPress: OnPress = visitIntake(
    { lane: "blue", siteId: "home", debounceMs: () => 0, maxTries: () => settings.maxTries },
    { database, vault, clock, traceparent: () => "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" },
  );
  const press = async (over: Partial<Press> = {}): Promise<string> => {
    const now = { at: clock.now(), moment: clock.moment() };
    return (await onPress({ doorId: "front", source: "http", ...now, ...over })).visitId;
  };
  async function done(visitId: string): Promise<VisitDetail> {
    for (;;) {
      const detail = await findVisit(database, visitId);
      if (detail?.visit.state === "done") return detail;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const worker = await startWorker();
  return {
    store,
    vault,
    people: openPeople({ siteId: "home", lane: "blue" }, shared),
    galleries,
    queue: queueOf("blue/test"),
    worker,
    startWorker,
    press,
    done,
    visit: async (over) => done(await press(over)),
    ends,
    stages,
    async [Symbol.asyncDispose]() {
      for (const each of workers) await each.stop();
      await atDoor.close();
      await galleries.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Enrols the demonstration's resident and its watchlisted person; their ids. */
export async function enrolDemonstration(people: People): Promise<{ resident: string; watchlist: string }> {
  const ids: string[] = [];
  for (const { name, watchlisted, enrolment } of demonstrationPeople) {
    const id = await people.create({ name, watchlisted }, by);
    for (const photo of await photosOf(enrolment)) {
      const result = await people.enrol(id, { kind: "photo", bytes: photo }, by);
      if (result.status !== "enrolled") throw new Error(`enrol ${name}: ${JSON.stringify(result)}`);
    }
    ids.push(id);
  }
  return { resident: ids[0]!, watchlist: ids[1]! };
}

/** Regions of demonstration photos as JPEG files. */
export async function photosOf(frames: readonly SceneFrame[]): Promise<Uint8Array[]> {
  const clock = manualClock();
  const scenes = [{ id: "photos", role: "enrolled" as const, description: "", frames }];
  const camera = demonstrationCamera({}, { clock, scenes });
  const photos: Uint8Array[] = [];
  const request = { frames: frames.length, intervalMs: 0 };
  for await (const { bytes } of camera.capture(request, new AbortController().signal)) photos.push(bytes);
  await camera.close();
  return photos;
}

/** The first view of a demonstration scene. */
export async function photoOf(scene: "resident" | "stranger" | "watchlist" | "nobody"): Promise<Uint8Array> {
  const { frames } = demonstrationScenes.find(({ id }) => id === scene)!;
  return (await photosOf(frames.slice(0, 1)))[0]!;
}

/** A camera that gives these pictures and then has no more. */
export function cameraOf(pictures: readonly Uint8Array[]): Camera {
  return {
    kind: "test",
    async *capture({ frames }) {
      for (const bytes of pictures.slice(0, frames)) yield { bytes, mediaType: "image/jpeg", takenAt: 1 };
    },
    close: async () => {},
  };
}

function fail(error: unknown): never {
  throw error;
}
