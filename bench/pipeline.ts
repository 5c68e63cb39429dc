import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { demonstrationCamera } from "../src/doorbell/hardware/cameras/demonstration.ts";
import { demonstrationScenes } from "../src/doorbell/hardware/cameras/demonstration-scenes.ts";
import { shippedSettings } from "../src/doorbell/recognition/fixtures.ts";
import { systemClock } from "../src/lib/clock.ts";
import { type Connection, openConnection } from "../src/storage/sqlite/connection.ts";
import { type System, startSystem, until } from "../src/testing/system.ts";
import type { Bench } from "./bench.ts";
import { benchFolder, measureDisk } from "./disk.ts";
import { printTable } from "./table.ts";

/** Visits whose way is timed one by one, the system at rest before each. */
const VISITS = 36;
const WARM_UP = 4;
/** Photos that wait in the queue when throughput is measured. */
const BACKLOG = 60;

/** One visit, timed from outside, and the bare work on its photo just after it. */
interface Timed {
  readonly visitMs: number;
  readonly bareMs: number;
}

/** What a visit costs beside looking at its photo. */
export const bench: Bench = {
  name: "pipeline",
  describe:
    "press to durable decision against decoding, detecting and describing the same photos in a warm process; goal at most 1.3",
  async run(args) {
    const { values } = parseArgs({ args, options: { dir: { type: "string" } } });
    using folder = benchFolder(values.dir);
    const disk = measureDisk(folder.path);
    const { detector, decodeMaxPx } = shippedSettings;
    console.log(`${folder.path}: ${disk.fileSystem}, write and flush of 4 KiB ${round(disk.flushMs)} ms`);
    console.log(
      `settings: detector ${detector}, decodeMaxPx ${decodeMaxPx}, one frame a visit, sent along with the press; no limit on messages\n`,
    );

    const photos = await demonstrationPhotos();
    const bareProcess = fork(new URL("./bare-inference.ts", import.meta.url));
    const one = await withSystem(join(folder.path, "one"), 1, async (system, database) => {
      const timed = await timeVisits(system, database, bareInference(bareProcess, folder.path), photos);
      bareProcess.disconnect();
      return { timed, rate: await throughput(system, database, photos) };
    });
    const two = await withSystem(join(folder.path, "two"), 2, async (system, database) => ({
      rate: await throughput(system, database, photos),
    }));

    const visit = median(one.timed.map(({ visitMs }) => visitMs));
    const bare = median(one.timed.map(({ bareMs }) => bareMs));
    const bareRate = 1_000 / mean(one.timed.map(({ bareMs }) => bareMs));
    printTable([
      { what: "press to decision, median ms", value: round(visit) },
      { what: "bare inference, median ms", value: round(bare) },
      { what: "bare photos a second, one process", value: round(bareRate) },
      { what: "photos a second, one worker", value: round(one.rate) },
      { what: "photos a second, two workers", value: round(two.rate) },
    ]);
    return {
      figures: {
        visit_ms: round(visit),
        bare_ms: round(bare),
        rate_bare: round(bareRate),
        rate_one_worker: round(one.rate),
        rate_two_workers: round(two.rate),
        flush_ms: round(disk.flushMs),
      },
      ratios: { bare_median: disk.isReal ? round(visit / bare) : "unknown" },
    };
  },
};

/** The frames of all demonstration scenes: one face, or none, a third of the picture wide. */
async function demonstrationPhotos(): Promise<Uint8Array[]> {
  const camera = demonstrationCamera({}, { clock: systemClock(), scenes: demonstrationScenes });
  const photos: Uint8Array[] = [];
  for (const { id, frames } of demonstrationScenes) {
    const request = { frames: frames.length, intervalMs: 0, scene: id };
    for await (const { bytes } of camera.capture(request, new AbortController().signal)) photos.push(bytes);
  }
  await camera.close();
  return photos;
}

async function withSystem<T>(
  folder: string,
  workers: number,
  use: (system: System, database: Connection) => Promise<T>,
): Promise<T> {
  const pipeline = { workers, framesPerVisit: 1 };
  const notifications = { perMinute: 1_000, perHour: 10_000 };
  await using system = await startSystem({ folder, config: { pipeline, notifications } });
  const database = openConnection(join(system.dataDir, "doorbell.db"), { readOnly: true });
  const enrolled = "select count(*) as n from enrolment";
  await until(
    () => database.all(enrolled, [])[0]!.n === 4,
    60_000,
    "the demonstration's people to be enrolled",
  );
  try {
    return await use(system, database);
  } finally {
    database.close();
  }
}

/** Presses and the bare work take turns, so that both meet the same machine. */
async function timeVisits(
  system: System,
  database: Connection,
  bare: (photo: Uint8Array) => Promise<number>,
  photos: readonly Uint8Array[],
): Promise<Timed[]> {
  const timed: Timed[] = [];
  for (let n = 0; n < WARM_UP + VISITS; n++) {
    const photo = photos[n % photos.length]!;
    const visitMs = await timeOf(async () => decided(database, await press(system, photo)));
    await until(() => isAtRest(database), 10_000, "the system to be at rest");
    const bareMs = await bare(photo);
    if (n >= WARM_UP) timed.push({ visitMs, bareMs });
  }
  return timed;
}

async function press({ call }: System, photo: Uint8Array): Promise<string> {
  const { status, body } = await call<{ visitId: string }>("POST", "/api/doors/front/press", photo);
  if (status !== 202) throw new Error(`press: HTTP ${status} ${JSON.stringify(body)}`);
  return body.visitId;
}

/** Resolves when the decision is durable, as another process sees it. */
async function decided(database: Connection, visitId: string): Promise<void> {
  const isDecided = "select 1 from visit where id = ? and state in ('decided', 'done')";
  while (database.all(isDecided, [visitId]).length === 0) await wait(1);
}

function isAtRest(database: Connection): boolean {
  const waiting = "select 1 from job where state = 'open' union select 1 from outbox where state = 'waiting'";
  return database.all(waiting, []).length === 0;
}

/** What no face recognition can do without, in a process of its own; how long it takes, ms. */
function bareInference(child: ChildProcess, folder: string): (photo: Uint8Array) => Promise<number> {
  const path = join(folder, "photo.jpg");
  return async (photo) => {
    writeFileSync(path, photo);
    child.send(path);
    const [ms] = (await once(child, "message")) as [number];
    return ms;
  };
}

/** Photos a second while more of them wait than are worked on. */
async function throughput(
  system: System,
  database: Connection,
  photos: readonly Uint8Array[],
): Promise<number> {
  const ids = await Promise.all(
    Array.from({ length: BACKLOG }, (_, n) => press(system, photos[n % photos.length]!)),
  );
  await until(() => isAtRest(database), 120_000, "the backlog to be worked off");
  const marks = ids.map(() => "?").join();
  const [row] = database.all(
    `select count(*) as n, max(decided_at) - min(decided_at) as ms from visit where id in (${marks})`,
    ids,
  );
  return ((Number(row!.n) - 1) * 1_000) / Number(row!.ms);
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const round = (value: number): number => Math.round(value * 100) / 100;
