import type { VisitView } from "../../../src/doorbell/api.ts";
import { say, sayCounted } from "../words.ts";

export type CaptureView = VisitView["captures"][number];
export type FaceView = CaptureView["faces"][number];
export type Thresholds = NonNullable<VisitView["thresholds"]>;

/** A face with the frame it is on and its number among the visit's frames and the frame's faces, from 1. */
export interface PlacedFace {
  readonly face: FaceView;
  readonly capture: CaptureView;
  readonly frame: number;
  readonly number: number;
}

/** How a visit or one of its faces stands: each has a colour, a shape and a word of its own. */
export type Standing =
  | "pending"
  | "known"
  | "unknown"
  | "watchlisted"
  | "corrected"
  | "too_small"
  | "no_face"
  | "no_frame";

/** The recorded outcome, unless it is still to come or somebody has said since that it is wrong. */
export function standingOf({ outcome, reason }: VisitView): Standing {
  if (outcome === null) return "pending";
  return reason === "corrected" ? "corrected" : outcome;
}

/** How one face stands. */
export function faceStanding({ verdict, corrected }: FaceView): Standing {
  if (corrected) return "corrected";
  return verdict === "named" ? "known" : verdict;
}

/** Every face of a visit, frame by frame. */
export function facesOf(visit: VisitView): PlacedFace[] {
  return visit.captures.flatMap((capture, frame) =>
    capture.faces.map((face, index) => ({ face, capture, frame: frame + 1, number: index + 1 })),
  );
}

const WEIGHT: Readonly<Record<FaceView["verdict"], number>> = {
  watchlisted: 0,
  named: 1,
  unknown: 2,
  too_small: 3,
};

/** The frame to show first: the one with the face that decided, else the first. */
export function mainCapture(visit: VisitView): CaptureView | undefined {
  const [decisive] = facesOf(visit).toSorted(
    (a, b) =>
      WEIGHT[a.face.verdict] - WEIGHT[b.face.verdict] ||
      (a.face.distance ?? 2) - (b.face.distance ?? 2) ||
      b.face.box.width - a.face.box.width,
  );
  return decisive?.capture ?? visit.captures[0];
}

/** The name of somebody, or what is said of one who was removed. */
export function nameOf(person: { readonly name: string } | null): string {
  return person?.name || say("person.removed");
}

const notName = (person: { readonly name: string } | null): string =>
  person?.name ? say("who.corrected", { name: person.name }) : say("who.corrected.nameless");

/** Who is at the door, in as few words as can be. */
export function whoOf(visit: VisitView): string {
  switch (standingOf(visit)) {
    case "pending":
      return say("who.pending");
    case "known":
    case "watchlisted":
      return nameOf(visit.person);
    case "corrected":
      return notName(visit.person);
    case "no_face":
      return say("who.no_face");
    case "no_frame":
      return say("who.no_frame");
    default:
      return sayCounted("who.unknown", unknownIn(visit));
  }
}

/** What one face is called. */
export function faceName(face: FaceView): string {
  const standing = faceStanding(face);
  if (standing === "known" || standing === "watchlisted") return nameOf(face.nearest);
  if (standing === "corrected") return notName(face.nearest);
  return say(standing === "too_small" ? "face.too_small" : "face.unknown");
}

/** Most faces that one frame shows and that nobody could name; at least one. */
function unknownIn({ captures }: VisitView): number {
  return Math.max(1, ...captures.map(({ faces }) => faces.filter(isStranger).length));
}

const isStranger = ({ verdict }: FaceView): boolean => verdict === "unknown" || verdict === "too_small";

/** Width of a face in pixels of its frame; undefined while the frame's size is not known. */
export function faceWidth({ face, capture }: PlacedFace): number | undefined {
  return capture.width === null ? undefined : Math.round(face.box.width * capture.width);
}

/** Two decimals, as distances are told. */
export const distanceText = (distance: number): string => distance.toFixed(2);

/** The address of a frame. */
export const captureUrl = (capture: CaptureView): string => `/api/captures/${capture.id}`;
