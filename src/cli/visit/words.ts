import type { VisitView } from "../../doorbell/api.ts";
import { oneLine } from "../table.ts";
import { counted, timeText } from "../time-text.ts";

type Face = VisitView["captures"][number]["faces"][number];
type Thresholds = NonNullable<VisitView["thresholds"]>;

/** The columns of a visit in a list, with widths for a list that goes on. */
export const VISIT_COLUMNS = {
  ID: 13,
  TIME: 19,
  DOOR: 16,
  OUTCOME: 11,
  WHO: 24,
  DISTANCE: 8,
  DELIVERIES: 11,
} as const;

/** A visit under `VISIT_COLUMNS`. The id is cut to its time, of which its beginning consists. */
export function visitCells(visit: VisitView): readonly (string | undefined)[] {
  return [
    visit.id.slice(0, VISIT_COLUMNS.ID),
    timeText(visit.acceptedAt),
    visit.door.name,
    outcomeText(visit),
    whoText(visit),
    visit.distance?.toFixed(2),
    deliveriesText(visit),
  ];
}

/** What the visit came to, or how far it is. */
export function outcomeText({ outcome, state }: VisitView): string {
  return (outcome ?? state).replace("_", " ");
}

/** The name of somebody on one line, safe on a terminal, or what is said of one who was removed. */
export function nameText(person: { readonly name: string } | null): string {
  return oneLine(person?.name || "somebody since removed");
}

/** Who was at the door. */
export function whoText(visit: VisitView): string | undefined {
  switch (visit.outcome) {
    case "known":
    case "watchlisted":
      return visit.reason === "corrected" ? `not ${nameText(visit.person)}` : nameText(visit.person);
    case "unknown":
      return counted(strangers(visit), "unknown person", "unknown people");
    case "no_face":
      return "nobody seen";
    case "no_frame":
      return "no picture";
    case null:
      return undefined;
  }
}

/** Most faces of one frame that nobody could name; at least one. */
function strangers({ captures }: VisitView): number {
  const counts = captures.map(
    ({ faces }) => faces.filter(({ verdict }) => /unknown|small/.test(verdict)).length,
  );
  return Math.max(1, ...counts);
}

/** How the deliveries stand: `2 delivered, 1 waiting`. */
export function deliveriesText({ deliveries }: VisitView): string {
  const counts = STATES.map(
    (state) => [deliveries.filter((one) => one.state === state).length, state] as const,
  );
  const parts = counts.flatMap(([count, state]) => (count > 0 ? [`${count} ${state}`] : []));
  return parts.join(", ") || "none";
}

const STATES = ["delivered", "waiting", "dead", "cancelled"] as const;

/** True when the system could not work on the visit and has put it to its dead letters. */
export function isGivenUp({ outcome, reason }: VisitView): boolean {
  return outcome === "no_frame" && reason !== null && !reason.startsWith("camera_");
}

/** Why the visit was decided so, in sentences. */
export function reasonTexts(visit: VisitView): string[] {
  const { outcome, reason, thresholds } = visit;
  if (outcome === null) return ["It is not decided yet."];
  if (outcome === "no_frame") return [noFrameText(reason)];
  if (outcome === "no_face") return [`No face was found in ${counted(visit.captures.length, "frame")}.`];
  if (outcome === "unknown") return [thresholds ? unknownText(visit, thresholds) : "Nobody could be named."];
  return [
    ...(thresholds ? [namedText(visit, thresholds)] : []),
    visit.evidence === "agreeing" ? "Several frames agree." : "Only one frame says so.",
    ...(reason === "corrected" ? ["Somebody has said since: it was not this person."] : []),
  ];
}

function namedText({ outcome, person, distance, evidence }: VisitView, thresholds: Thresholds): string {
  const near = `The nearest face is ${(distance ?? 0).toFixed(2)} from ${nameText(person)}`;
  if (outcome === "known")
    return `${near}: up to ${thresholds.matchDistance.toFixed(2)} it is the same person.`;
  const [limit, frames] =
    evidence === "agreeing"
      ? [thresholds.watchlistDistance, "two frames that agree"]
      : [thresholds.watchlistSingleDistance, "a single frame"];
  return `${near}, who is on the watchlist: in ${frames}, up to ${limit.toFixed(2)} it is the same person.`;
}

function unknownText(visit: VisitView, thresholds: Thresholds): string {
  const faces = visit.captures.flatMap((capture) => capture.faces);
  if (visit.reason === "face_too_small") {
    return `Every face is narrower than ${thresholds.minFaceWidthPx} px, too small to name anybody.`;
  }
  const near = nearest(faces.filter(({ verdict }) => verdict !== "too_small"));
  if (!near) return "There was nobody in the library to compare with.";
  const fact = `The nearest face is ${near.distance.toFixed(2)} from ${nameText(near.nearest)}`;
  if (near.verdict !== "watchlisted") return `${fact}: too far to be the same person.`;
  const limit = thresholds.watchlistSingleDistance.toFixed(2);
  return `${fact}, who is on the watchlist: not enough in one frame, where ${limit} is needed, and no other agreed.`;
}

function nearest(faces: readonly Face[]) {
  const compared = faces.flatMap((face) =>
    face.distance === null ? [] : [{ ...face, distance: face.distance }],
  );
  return compared.sort((a, b) => a.distance - b.distance)[0];
}

const NO_FRAME: Readonly<Record<string, string>> = {
  camera_off: "The camera was off or could not be reached.",
  camera_timeout: "The camera gave no picture in time.",
  camera_refused: "The camera refused access: look at its user and password.",
  camera_bad_answer: "The camera answered with something that is no picture.",
  camera_empty: "The camera had no picture to give.",
  worker_died: "It was given up: the worker died each time it worked on it.",
  truncated: "It was given up: the picture is truncated or damaged.",
};

function noFrameText(reason: string | null): string {
  if (reason === null) return "The camera gave no picture.";
  return NO_FRAME[reason] ?? `It was given up: ${reason.replaceAll("_", " ")}.`;
}
