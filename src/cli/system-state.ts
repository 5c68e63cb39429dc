import { z } from "zod";
import { factLines, oneLine } from "./table.ts";
import { counted, durationText, timeText } from "./time-text.ts";

/** What `GET /api/status` tells, as far as the command line shows it; less where only the supervisor answers. */
export const systemState = z.object({
  release: z.string(),
  processes: z.array(z.object({ name: z.string(), state: z.string() })),
  isSilent: z.boolean().optional().describe("True when `web` did not answer."),
  profile: z.string().optional(),
  url: z.string().nullish(),
  uptimeSeconds: z.number().optional(),
  doors: z.array(z.object({ id: z.string(), name: z.string(), camera: z.string() })).optional(),
  people: z.int().optional(),
  queue: z.array(z.object({ kind: z.string(), open: z.int(), dead: z.int() })).optional(),
  outbox: z.object({ waiting: z.int(), dead: z.int() }).optional(),
  channels: z
    .array(
      z.object({ name: z.string(), kind: z.string(), state: z.string(), lastSuccessAt: z.int().nullable() }),
    )
    .optional(),
});

/** Parsed `systemState`. */
export type SystemState = z.infer<typeof systemState>;

/** Whether all of it runs. Warnings are what somebody should look at while it does. */
export function judge({ isSilent, processes, queue = [], outbox, channels = [] }: SystemState) {
  const problems = [
    ...(isSilent ? ["the web process does not answer"] : []),
    ...processes.flatMap(({ name, state }) =>
      state === "ready" ? [] : [oneLine(`${name} is ${words(state)}`)],
    ),
  ];
  const warnings = [
    ...queue.flatMap(({ kind, dead }) =>
      dead > 0 ? [oneLine(`given up: ${counted(dead, `${kind} job`)}`)] : [],
    ),
    ...(outbox && outbox.dead > 0 ? [`given up: ${counted(outbox.dead, "delivery", "deliveries")}`] : []),
    ...channels.flatMap(({ name, state }) =>
      CALM.has(state) ? [] : [oneLine(`channel ${name} is ${words(state)}`)],
    ),
  ];
  return { verdict: problems.length === 0 ? "pass" : "fail", problems, warnings } as const;
}

/** States of a channel that nobody needs to look at. */
const CALM: ReadonlySet<string> = new Set(["working", "untried"]);

/** The parts one by one, a line each; what is not known is left out. */
export function stateText(state: SystemState): string {
  const { release, uptimeSeconds, profile, url, processes, doors, people } = state;
  const since = uptimeSeconds === undefined ? undefined : `for ${durationText(uptimeSeconds * 1_000)}`;
  return factLines([
    ["release", [release, since, profile].filter((part) => part !== undefined).join(", ")],
    ["address", url ?? undefined],
    ["processes", processes.map(({ name }) => name).join(", ")],
    ["doors", doors?.map(({ id, camera }) => `${id} (${camera})`).join(", ")],
    ["people", people?.toString()],
    ["waiting", waitingText(state)],
    ...(state.channels ?? []).map(({ name, state: how, lastSuccessAt }): [string, string] => [
      "channel",
      `${name}: ${words(how)}${lastSuccessAt === null ? "" : `, last at ${timeText(lastSuccessAt)}`}`,
    ]),
  ]);
}

function waitingText({ queue, outbox }: SystemState): string | undefined {
  if (!queue || !outbox) return undefined;
  const jobs = queue.flatMap(({ kind, open }) => (open > 0 ? [counted(open, `${kind} job`)] : []));
  const deliveries = outbox.waiting > 0 ? [counted(outbox.waiting, "delivery", "deliveries")] : [];
  return [...jobs, ...deliveries].join(", ") || "nothing";
}

const words = (code: string): string => code.replaceAll("_", " ");
