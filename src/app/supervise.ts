/**
 * The supervisor as a process: `node supervise.ts ORDER`, with a `SuperviseOrder` in JSON. The command `up`
 * reads and checks the configuration and then becomes this, which loads nothing of it: the supervisor runs for
 * years and stays small.
 */
import { fileURLToPath } from "node:url";
import { systemClock } from "../lib/clock.ts";
import { DoorbellError, messageOf } from "../lib/errors.ts";
import type { Address } from "../production/deployment/supervisor/listening.ts";
import {
  Supervisor,
  type SupervisorChange,
  supervisorDefaults,
} from "../production/deployment/supervisor/supervisor.ts";

/** What the supervisor is told. */
export interface SuperviseOrder {
  readonly release: string;
  /** Data folder, an absolute path. */
  readonly data: string;
  /** File or folder that the processes read the configuration from, an absolute path. */
  readonly config: string;
  /** Folder of the built web page. */
  readonly page: string;
  readonly workers: number;
  readonly public: Address;
  readonly metrics: Address;
  /** Lines to print before anything else. */
  readonly greeting: readonly string[];
}

const WORDS: Readonly<Record<string, string>> = {
  starting: "starts",
  ready: "ready",
  backing_off: "ended; starts again in a moment",
  crash_looping: "ends again and again: see its log; it is tried on, slowly",
  stopping: "stops",
};

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

/** Runs the release until a signal ends it. */
/** A small nursery: a process that lives for months is better off collecting often than holding 48 MB for new objects. */
const NODE_OPTIONS = ["--max-semi-space-size=2"];
/** Of glibc (mallopt(3)): two arenas instead of eight a core, and large blocks given back at once. */
const MALLOC = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "131072" };

async function supervise(order: SuperviseOrder): Promise<void> {
  // Whatever any process of the system writes is for its own user.
  process.umask(0o077);
  const told = new Map<string, string>();
  function tell(change: SupervisorChange): void {
    if (change.type !== "process") return;
    const { name, state } = change;
    const words = WORDS[state.status];
    if (words === undefined || told.get(name) === words) return;
    told.set(name, words);
    say(`  ${name.padEnd(10)} ${words}`);
  }

  const supervisor = new Supervisor(
    {
      ...supervisorDefaults,
      dataFolder: order.data,
      release: { version: order.release, entry: fileURLToPath(new URL("./process.ts", import.meta.url)) },
      nodeOptions: NODE_OPTIONS,
      env: { ...MALLOC, DOORBELL_CONFIG: order.config, DOORBELL_DATA: order.data, DOORBELL_PAGE: order.page },
      workers: order.workers,
      public: order.public,
      metrics: order.metrics,
    },
    { clock: systemClock(), onChange: tell },
  );

  let asked = 0;
  function stop(): void {
    asked += 1;
    if (asked > 1) process.exit(1);
    void supervisor.stop().catch(failed);
  }

  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  for (const line of order.greeting) say(line);
  await supervisor.start().catch(failed);
}

function failed(error: unknown): void {
  say(`doorbell: ${messageOf(error)}`);
  if (error instanceof DoorbellError) say(`  ${error.hint}`);
  process.exitCode = 1;
}

if (import.meta.main) await supervise(JSON.parse(process.argv[2] ?? "") as SuperviseOrder);
