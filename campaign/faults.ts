import type { Random } from "./random.ts";

/** One kill. */
export interface Fault {
  /** A process of the release, the supervisor, or all of them at once as in a power cut. */
  readonly target: "web" | "worker-1" | "worker-2" | "ops" | "supervisor" | "all";
  /** Between which two steps; at any moment where absent. */
  readonly failpoint?: string;
  /** How long the system runs undisturbed before, ms. */
  readonly afterMs: number;
}

const STORAGE = ["storage.before-commit", "storage.after-commit"];
const FILES = ["file.before-publish", "file.published"];
const STAGES = ["capture", "detect", "recognise", "decide", "record", "notify"].map(
  (stage) => `${stage}.begun`,
);
const WORKER = [
  ...STAGES,
  "capture.before-record",
  "record.before-commit",
  "record.after-commit",
  "notify.before-commit",
  "notify.after-commit",
  ...STORAGE,
  ...FILES,
];

/** The places between a write and its commit, or a commit and what follows it, by the process that passes them. */
export const FAILPOINTS = {
  web: ["press.before-commit", ...STORAGE, ...FILES],
  "worker-1": WORKER,
  "worker-2": WORKER,
  ops: ["outbox.before-send", "outbox.after-send", "outbox.before-settle", ...STORAGE],
} as const satisfies Partial<Record<Fault["target"], readonly string[]>>;

const TARGETS = ["web", "worker-1", "worker-2", "ops", "supervisor", "all"] as const;
const LONGEST_PEACE_MS = 1_500;

/** Every second fault at a failpoint, the others anywhere; all of it follows from the seed. */
export function planFaults(count: number, random: Random): Fault[] {
  return Array.from({ length: count }, (_, n) => {
    const afterMs = Math.round(random.next() * LONGEST_PEACE_MS);
    if (n % 2 === 1) return { target: random.pick(TARGETS), afterMs };
    const target = random.pick(Object.keys(FAILPOINTS) as (keyof typeof FAILPOINTS)[]);
    return { target, failpoint: random.pick<string>(FAILPOINTS[target]), afterMs };
  });
}
