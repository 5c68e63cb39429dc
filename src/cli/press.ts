import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { doorView, type PressAnswer, pressAnswer, type VisitView } from "../doorbell/api.ts";
import { backoffMs } from "../lib/backoff.ts";
import { ask } from "./ask.ts";
import type { Client } from "./client.ts";
import { defineCommand, parameter } from "./command.ts";
import { CliError, EXIT, usageError } from "./exit.ts";
import type { Output } from "./output.ts";
import { readPhotoFile } from "./photo-file.ts";
import { oneLine } from "./table.ts";
import { awaitVisit } from "./visit/await.ts";
import { deliveriesText, isGivenUp, outcomeText, reasonTexts, whoText } from "./visit/words.ts";

/** Rings at a door and, if asked, waits for what comes of it. */
export const press = defineCommand({
  examples: [
    "doorbell press",
    "doorbell press front --scene stranger --wait",
    "doorbell press front --image visitor.jpg --no-wait --json",
  ],
  parameters: {
    door: parameter(
      "[door]",
      "which door, by its id; the only one where there is one",
      z.string().optional(),
    ),
    image: parameter("--image <file>", "a photo in place of what the camera sees", z.string().optional()),
    scene: parameter("--scene <scene>", "what a demonstration camera shall show", z.string().optional()),
    wait: parameter(
      "--wait",
      "wait for the outcome and the deliveries (the default on a terminal)",
      z.boolean().optional(),
    ),
    noWait: parameter("--no-wait", "end as soon as the press is safely recorded", z.boolean().optional()),
  },
  async run({ door, image, scene, wait }, context) {
    const { output, signal } = context;
    if (image !== undefined && scene !== undefined)
      throw usageError("press: a photo and a scene exclude each other", "Give --image or --scene.");
    const photo = image === undefined ? undefined : await readPhotoFile(image);
    const client = await context.client();
    const call = {
      method: "POST",
      path: `/api/doors/${encodeURIComponent(door ?? (await onlyDoor(client)))}/press`,
      headers: { "idempotency-key": randomUUID() },
      ...(photo ? { bytes: photo } : { json: { scene } }),
    };
    const answer = await output.progress("pressing", () =>
      repeated(() => ask(client, pressAnswer, call), signal),
    );
    if (!(wait ?? output.isTerminal)) {
      output.result(answer, () => receiptText(answer));
      return EXIT.done;
    }
    const visit = await output.progress("waiting for the visit", (report) =>
      awaitVisit(answer.visitId, { client, signal }, report),
    );
    output.result({ ...answer, visit }, () => receiptText(answer) + outcomeLines(visit, output));
    return isGivenUp(visit) ? EXIT.failed : EXIT.done;
  },
});

async function onlyDoor(client: Client): Promise<string> {
  const { doors } = await ask(client, z.object({ doors: z.array(doorView) }), { path: "/api/doors" });
  const [door, ...others] = doors;
  if (door && others.length === 0) return door.id;
  throw usageError(
    door ? "press: there is more than one door" : "press: there is no door",
    door
      ? `Name one: ${doors.map(({ id }) => id).join(", ")}.`
      : "Add one to the configuration, under doors.",
  );
}

/** How often the same press is sent before it is given up, and the waits between. */
const TRIES = 6;
const WAITS = { firstMs: 200, maxMs: 5_000 };

/**
 * Presses once: where the connection breaks, the very same request, which counts once by its key, is repeated
 * until there is an answer.
 * @param doubt the error after which the press may have been heard or not
 * @throws CliError `unknown` only when that did not help
 */
async function repeated(
  press: () => Promise<PressAnswer>,
  signal: AbortSignal,
  tries = 1,
  doubt?: CliError,
): Promise<PressAnswer> {
  try {
    return await press();
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const open = error.exit === EXIT.unknown ? error : doubt;
    const isCut = error === open || error.code === "connection_cut";
    if (!isCut && !(open && error.retryable)) throw error;
    if (tries === TRIES || signal.aborted) throw open ?? error;
    await wait(backoffMs(WAITS, tries), undefined, { signal }).catch(() => {});
    return repeated(press, signal, tries + 1, open);
  }
}

function receiptText({ visitId, status }: PressAnswer): string {
  return status === "merged"
    ? `merged into the visit just begun: ${visitId}\n`
    : `accepted: visit ${visitId}\n`;
}

const TONES = {
  known: "good",
  unknown: "warning",
  watchlisted: "bad",
  no_face: "quiet",
  no_frame: "quiet",
} as const;

function outcomeLines(visit: VisitView, output: Output): string {
  const { outcome, distance } = visit;
  const tone = outcome === null ? "quiet" : TONES[outcome];
  const near = distance === null ? "" : `, distance ${distance.toFixed(2)}`;
  const reasons = reasonTexts(visit).map((text) => `  ${oneLine(text)}\n`);
  return `${output.tone(tone, outcomeText(visit))}: ${whoText(visit) ?? "-"}${near}\n${reasons.join("")}  deliveries: ${deliveriesText(visit)}\n`;
}
