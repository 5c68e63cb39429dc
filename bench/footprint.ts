import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { PersonView, VisitView } from "../src/doorbell/api.ts";
import {
  demonstrationPeople,
  demonstrationScenes,
} from "../src/doorbell/hardware/cameras/demonstration-scenes.ts";
import { type System, startSystem, until } from "../src/testing/system.ts";
import type { Bench, Measured } from "./bench.ts";
import { benchFolder } from "./disk.ts";
import { printTable } from "./table.ts";

/** How long the system is left alone before it counts as idle, ms. */
const IDLE_MS = 20_000;
/** Presses of the busy half, one a second. */
const PRESSES = 30;
const PRESS_EVERY_MS = 1_000;
/** Between two looks at the memory while presses come in, ms. */
const LOOK_EVERY_MS = 150;
/** What the four processes are to stay under together, MiB. */
const GOAL_MIB = 512;

const PROCESSES = ["supervisor", "ops", "web", "worker"] as const;

/** MiB by process. */
type Memory = Readonly<Record<(typeof PROCESSES)[number], number>>;

/** One life of the system, from its start. */
interface Life {
  readonly startS: number;
  readonly idle: Memory;
}

/** How much memory the running system takes, and how long it takes to start. */
export const bench: Bench = {
  name: "footprint",
  describe: `memory (PSS) of supervisor, ops, web and one worker together, nets loaded; goal ${GOAL_MIB} MiB, also under one press a second`,
  async run(args) {
    const { values } = parseArgs({ args, options: { dir: { type: "string" } } });
    using folder = benchFolder(values.dir);
    // Pages that others map are counted for a share only, and others run the same Node: not this copy of it.
    const node = join(folder.path, "node");
    copyFileSync(process.execPath, node);
    const env = { NODE_COMPILE_CACHE: join(folder.path, "compile-cache") };
    console.log(
      `idle: ${IDLE_MS / 1_000} s after the demonstration's people are enrolled; busy: the highest of ${PRESSES} presses, one a second\n`,
    );

    const cold = await live({ folder: join(folder.path, "cold"), node, env }, async () => {});
    let busy: Memory | undefined;
    const warm = await live({ folder: join(folder.path, "warm"), node, env }, async (system) => {
      busy = await pressOnAndOn(system);
    });
    return report(cold, warm, busy);
  },
};

/** Starts the system, waits until it idles, reads its memory, and goes on from there. */
async function live(
  options: Parameters<typeof startSystem>[0],
  goOn: (system: System) => Promise<void>,
): Promise<Life> {
  const began = performance.now();
  await using system = await startSystem(options);
  const startS = (performance.now() - began) / 1_000;
  await until(() => isEnrolled(system), 60_000, "the demonstration's people to be enrolled");
  await wait(IDLE_MS);
  const idle = memoryOf(pidsOf(system));
  await goOn(system);
  return { startS, idle };
}

async function isEnrolled({ call }: System): Promise<boolean> {
  const { people } = (await call<{ people: PersonView[] }>("GET", "/api/people")).body;
  return demonstrationPeople.every(
    ({ name, enrolment }) => people.find((person) => person.name === name)?.enrolments === enrolment.length,
  );
}

/**
 * Presses once a second, the scenes in turn.
 * @returns the highest sum seen; undefined where a press did not come to what its scene shows, or a process was
 *   started anew meanwhile
 */
async function pressOnAndOn(system: System): Promise<Memory | undefined> {
  const pids = pidsOf(system);
  const looks: Memory[] = [];
  const visits: { readonly id: string; readonly role: keyof typeof OUTCOMES }[] = [];
  for (let n = 0; n < PRESSES; n++) {
    const next = performance.now() + PRESS_EVERY_MS;
    const { id: scene, role } = demonstrationScenes[n % demonstrationScenes.length]!;
    const { body } = await system.call<{ visitId: string }>("POST", "/api/doors/front/press", { scene });
    visits.push({ id: body.visitId, role });
    while (performance.now() < next) {
      looks.push(memoryOf(pids));
      await wait(LOOK_EVERY_MS);
    }
  }
  for (const { id, role } of visits) {
    const { outcome } = (await system.call<VisitView>("GET", `/api/visits/${id}`)).body;
    if (outcome !== OUTCOMES[role]) return undefined;
  }
  if (pidsOf(system).join() !== pids.join()) return undefined;
  return looks.reduce((highest, look) => (sum(look) > sum(highest) ? look : highest));
}

const OUTCOMES = {
  enrolled: "known",
  stranger: "unknown",
  watchlisted: "watchlisted",
  empty: "no_face",
} as const;

function report(cold: Life, warm: Life, busy: Memory | undefined): Measured {
  printTable([...PROCESSES.map((name) => row(name, (memory) => memory[name])), row("together", sum)]);
  console.log(
    `\nstart to ready: ${round(cold.startS)} s the first time, ${round(warm.startS)} s with the compile cache`,
  );
  return {
    figures: {
      idle_mib: round(sum(warm.idle)),
      busy_mib: busy ? round(sum(busy)) : "unknown",
      first_idle_mib: round(sum(cold.idle)),
      ...Object.fromEntries(
        PROCESSES.flatMap((name) => [
          [`idle_${name}_mib`, round(warm.idle[name])],
          [`busy_${name}_mib`, busy ? round(busy[name]) : "unknown"],
        ]),
      ),
      start_first_s: round(cold.startS),
      start_s: round(warm.startS),
    },
    ratios: {
      goal_idle: round(sum(warm.idle) / GOAL_MIB),
      goal_busy: busy ? round(sum(busy) / GOAL_MIB) : "unknown",
    },
  };

  function row(process: string, of: (memory: Memory) => number) {
    return {
      process,
      "idle MiB, first start": round(of(cold.idle)),
      "idle MiB": round(of(warm.idle)),
      "busy MiB": busy ? round(of(busy)) : "unknown",
    };
  }
}

const pidsOf = (system: System): number[] => PROCESSES.map((name) => system.pids(name)[0]!);

function memoryOf(pids: readonly number[]): Memory {
  const [supervisor = 0, ops = 0, web = 0, worker = 0] = pids.map(pssOf);
  return { supervisor, ops, web, worker };
}

/** Proportional set size: its own pages, and of those shared with others its share. What was swapped out counts. */
function pssOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kib = (field: string): number => Number(new RegExp(`^${field}: +(\\d+) kB$`, "m").exec(rollup)![1]);
  return (kib("Pss") + kib("SwapPss")) / 1024;
}

const sum = (memory: Memory): number => PROCESSES.reduce((total, name) => total + memory[name], 0);

const round = (value: number): number => Math.round(value * 10) / 10;
