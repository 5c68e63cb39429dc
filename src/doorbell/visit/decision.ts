import type { Outcome } from "../../storage/schema.ts";

/** The nearest person of the library to one face. */
export interface Nearest {
  readonly personId: string;
  readonly watchlisted: boolean;
  /** Euclidean distance of the embeddings: 0 the same picture, above 1 nobody alike. */
  readonly distance: number;
}

/** One face as the decision sees it. */
export interface FaceView {
  /** Width of its box in pixels of the decoded frame. */
  readonly widthPx: number;
  /** Null while the library is empty, or where every candidate was ruled out by a correction. */
  readonly nearest: Nearest | null;
}

/** The faces of one frame, in the order of the visit's frames. */
export type FrameView = readonly FaceView[];

/** The distances and sizes that decide. Defaults and their measurement: `docs/decisions/0002-face-detector.md`. */
export interface Thresholds {
  /** A face narrower than this names nobody, px. */
  readonly minFaceWidthPx: number;
  /** At most this far from somebody known: it is them. */
  readonly matchDistance: number;
  /** The same for people on the watchlist, in two frames that agree. */
  readonly watchlistDistance: number;
  /** The same where only one frame shows a usable face. */
  readonly watchlistSingleDistance: number;
}

/** What one face of a frame was taken for. */
export type FaceVerdict = "named" | "watchlisted" | "unknown" | "too_small";

/** Who was at the door, or why nobody can be named. */
export interface Decision {
  readonly outcome: Outcome;
  readonly personId: string | null;
  /** Distance of the decisive face, or of the nearest one where nobody was named; null without a comparison. */
  readonly distance: number | null;
  /** `agreeing`: two frames or more said the same; `single`: one did; null where nobody was named. */
  readonly evidence: "agreeing" | "single" | null;
  /** A word more where it helps: `face_too_small`. */
  readonly reason: string | null;
}

/** What one face says by itself. */
export function judgeFace(face: FaceView, thresholds: Thresholds): FaceVerdict {
  if (face.widthPx < thresholds.minFaceWidthPx) return "too_small";
  if (!face.nearest) return "unknown";
  const { watchlisted, distance } = face.nearest;
  if (watchlisted) return distance <= thresholds.watchlistDistance ? "watchlisted" : "unknown";
  return distance <= thresholds.matchDistance ? "named" : "unknown";
}

/**
 * The decision over the frames seen so far; null when another frame may still change it. The first
 * decisive vote ends the visit: a watchlisted person in two frames, or a known one while no watchlisted
 * face waits for its second frame.
 *
 * @param framesToCome how many more frames there can be; with 0 the answer is never null
 */
export function decide(
  frames: readonly FrameView[],
  framesToCome: number,
  thresholds: Thresholds,
): Decision | null {
  const watched = votes(frames, "watchlisted", thresholds);
  const agreed = watched.find(({ frames: count }) => count >= 2);
  if (agreed) return named("watchlisted", agreed);
  if (watched.length > 0 && framesToCome > 0) return null;

  const usable = frames.filter((faces) => faces.some(({ widthPx }) => widthPx >= thresholds.minFaceWidthPx));
  const single = watched.find(({ distance }) => distance <= thresholds.watchlistSingleDistance);
  if (single && usable.length === 1) return named("watchlisted", single);

  const known = votes(frames, "named", thresholds)[0];
  if (known) return named("known", known);
  return framesToCome > 0 ? null : nobody(frames, usable.length > 0);
}

interface Vote {
  readonly personId: string;
  /** In how many frames this person was seen. */
  readonly frames: number;
  /** The smallest distance among them. */
  readonly distance: number;
}

/** Who was voted for with this verdict: most frames first, then the smallest distance. */
function votes(frames: readonly FrameView[], verdict: FaceVerdict, thresholds: Thresholds): Vote[] {
  const byPerson = new Map<string, Vote>();
  for (const faces of frames) {
    const seen = new Map<string, number>();
    for (const face of faces) {
      if (!face.nearest || judgeFace(face, thresholds) !== verdict) continue;
      const { personId, distance } = face.nearest;
      seen.set(personId, Math.min(distance, seen.get(personId) ?? Number.POSITIVE_INFINITY));
    }
    for (const [personId, distance] of seen) {
      const before = byPerson.get(personId);
      byPerson.set(personId, {
        personId,
        frames: (before?.frames ?? 0) + 1,
        distance: Math.min(distance, before?.distance ?? Number.POSITIVE_INFINITY),
      });
    }
  }
  return [...byPerson.values()].sort((a, b) => b.frames - a.frames || a.distance - b.distance);
}

function named(outcome: "known" | "watchlisted", vote: Vote): Decision {
  const evidence = vote.frames >= 2 ? "agreeing" : "single";
  return { outcome, personId: vote.personId, distance: vote.distance, evidence, reason: null };
}

function nobody(frames: readonly FrameView[], anyUsable: boolean): Decision {
  const faces = frames.flat();
  const distances = faces.flatMap(({ nearest }) => (nearest ? [nearest.distance] : []));
  const distance = distances.length > 0 ? Math.min(...distances) : null;
  const none = { personId: null, evidence: null } as const;
  if (frames.length === 0) return { ...none, outcome: "no_frame", distance, reason: null };
  if (faces.length === 0) return { ...none, outcome: "no_face", distance, reason: null };
  return { ...none, outcome: "unknown", distance, reason: anyUsable ? null : "face_too_small" };
}
