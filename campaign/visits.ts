import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { demonstrationCamera } from "../src/doorbell/hardware/cameras/demonstration.ts";
import { demonstrationScenes } from "../src/doorbell/hardware/cameras/demonstration-scenes.ts";
import { systemClock } from "../src/lib/clock.ts";
import { startReceiver } from "../src/testing/receiver.ts";
import { apiToken, type System, type SystemOptions, startSystem, until } from "../src/testing/system.ts";
import { type Books, brokenPromises, readBooks } from "./books.ts";
import { type Fault, planFaults } from "./faults.ts";
import type { CampaignOptions, CampaignResult } from "./main.ts";
import { seededRandom } from "./random.ts";
import { startVisitors } from "./visitors.ts";

const SECRET = "campaign webhook secret";
/** An armed process passes its failpoint within so long, or the kill is one at a random moment after all, ms. */
const FAILPOINT_WITHIN_MS = 10_000;
const RECOVER_WITHIN_MS = 150_000;
const DRAIN_WITHIN_MS = 300_000;
/** The supervisor takes so many exits in this time for a crash loop; no fault is to look like one. */
const LOOP = { exits: 5, withinMs: 60_000 };

/** Kills the processes of a running system, one after the other, while people press, and looks at what is left. */
export async function run({ seed, kills }: CampaignOptions): Promise<CampaignResult> {
  const random = seededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), "doorbell-campaign-"));
  await using receiver = await startReceiver(SECRET);
  await using house = await openHouse({ folder, failpoints: true, ...systemFor(receiver.url) });
  const visitors = startVisitors(
    {
      port: house.system.port,
      token: await apiToken(house.system),
      count: 4,
      pauseMs: 400,
      photos: await somePhotos(),
    },
    random,
  );

  const done = { failpoint: 0, moment: 0, ops: 0 };
  const recoveries: number[] = [];
  for (const [n, planned] of planFaults(kills, random).entries()) {
    await wait(planned.afterMs);
    const fault = await house.inflict(planned);
    done[fault.failpoint ? "failpoint" : "moment"] += 1;
    if (["ops", "supervisor", "all"].includes(fault.target)) done.ops += 1;
    recoveries.push(await house.recover());
    const { keyed, unkeyed } = visitors.told();
    console.log(
      `kill ${n + 1} of ${kills}: ${fault.target} ${fault.failpoint ?? "at a random moment"}, whole again after ${Math.round(recoveries.at(-1)!)} ms; ${keyed.size + unkeyed.length} visits so far`,
    );
  }
  await visitors.leave();
  console.log("nobody presses any more; waiting for the queue and the outbox to be empty");
  const database = join(house.system.dataDir, "doorbell.db");
  await until(
    () => isAtRest(readBooks(database)),
    DRAIN_WITHIN_MS,
    () => `queue and outbox to be empty: ${JSON.stringify(readBooks(database).open)}`,
  ).catch((error: unknown) => console.error(error));
  await house.system.stop();

  const books = readBooks(database);
  const told = visitors.told();
  const times = [...receiver.deliveries.values()].map(({ times: often }) => often);
  const raw = times.reduce((sum, often) => sum + often, 0);
  const broken = brokenPromises(told, books, receiver, { sendersKilled: done.ops });
  if (broken.length === 0) rmSync(folder, { recursive: true, force: true });
  else console.error(`what is left lies in ${folder}`);
  return {
    figures: {
      kills,
      at_failpoints: done.failpoint,
      at_random_moments: done.moment,
      visits: books.visits.length,
      answered_202: told.keyed.size + told.unkeyed.length,
      connections_broken: told.others[0] ?? 0,
      answers_but_202: Object.entries(told.others).reduce((sum, [at, n]) => sum + (at === "0" ? 0 : n), 0),
      deliveries: receiver.deliveries.size,
      deliveries_raw: raw,
      recovery_median_ms: Math.round(recoveries.toSorted((a, b) => a - b)[recoveries.length >> 1] ?? 0),
      recovery_max_ms: Math.round(Math.max(0, ...recoveries)),
      longest_outage_ms: Math.round(told.longestOutageMs),
    },
    broken,
  };
}

/** Two workers on the fast detector, everybody told of everything, nothing merged or limited. */
function systemFor(url: string): Pick<SystemOptions, "config" | "env"> {
  return {
    env: { DOORBELL_CAMPAIGN_SECRET: SECRET },
    config: {
      doors: [{ id: "front", name: "Front door", debounceMs: 0, camera: { driver: "demonstration" } }],
      pipeline: { workers: 2, framesPerVisit: 2, frameIntervalMs: 0 },
      recognition: { detector: "tiny" },
      notifications: {
        channels: { hook: { kind: "webhook", url, secret: "env:DOORBELL_CAMPAIGN_SECRET" } },
        rules: [{ name: "everything" }],
        perMinute: 1_000,
        perHour: 10_000,
        selfTest: { enabled: false },
      },
    },
  };
}

/** The system over its starts: whoever kills the supervisor starts the program again, as systemd would. */
interface House extends AsyncDisposable {
  readonly system: System;
  /** Kills as planned, or near it: never what would be a crash loop. @returns what was really done */
  inflict(fault: Fault): Promise<Fault>;
  /** Resolves when every process is ready again; how long that took, ms. */
  recover(): Promise<number>;
}

async function openHouse(options: SystemOptions): Promise<House> {
  let system = await startSystem(options);
  const { port } = system;
  const exits = new Map<string, number[]>();

  function loops(target: string): boolean {
    const since = performance.now() - LOOP.withinMs;
    const recent = (exits.get(target) ?? []).filter((at) => at > since);
    exits.set(target, recent);
    return recent.length + 1 >= LOOP.exits;
  }

  async function restart(): Promise<void> {
    exits.clear();
    system = await startSystem({ ...options, port });
  }

  /** @returns whether it happened there */
  async function killAt(target: string, failpoint: string): Promise<boolean> {
    const armed = system.arm(target, failpoint);
    const deadline = performance.now() + FAILPOINT_WITHIN_MS;
    while (!armed.happened() && performance.now() < deadline) await wait(20);
    return !armed.disarm();
  }

  return {
    get system() {
      return system;
    },
    async inflict({ target, failpoint, afterMs }) {
      if (target === "all") await system.killAll();
      else if (target === "supervisor" || loops(target)) await system.kill("supervisor");
      else {
        exits.get(target)!.push(performance.now());
        if (failpoint && (await killAt(target, failpoint))) return { target, failpoint, afterMs };
        await system.kill(target);
        return { target, afterMs };
      }
      return { target: target === "all" ? "all" : "supervisor", afterMs };
    },
    async recover() {
      const began = performance.now();
      if (!system.runs()) await restart();
      await system.ready(RECOVER_WITHIN_MS);
      return performance.now() - began;
    },
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  };
}

function isAtRest({ open }: Books): boolean {
  return open.jobs + open.deliveries === 0;
}

/** One photo of each demonstration scene, for presses that bring their own. */
async function somePhotos(): Promise<Uint8Array[]> {
  const camera = demonstrationCamera({}, { clock: systemClock(), scenes: demonstrationScenes });
  const photos: Uint8Array[] = [];
  for (const { id } of demonstrationScenes) {
    const request = { frames: 1, intervalMs: 0, scene: id };
    for await (const { bytes } of camera.capture(request, new AbortController().signal)) photos.push(bytes);
  }
  await camera.close();
  return photos;
}
