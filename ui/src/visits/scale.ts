import type { PlacedFace, Thresholds } from "./visit.ts";

/** A face on the line of distances. */
export interface Dot {
  readonly placed: PlacedFace;
  /** Where on the line, 0 to 1; what lies beyond is drawn at its end. */
  readonly at: number;
  /** How many dots lie under it. */
  readonly row: number;
}

/** A dot's width as a fraction of the narrowest line that the page draws. */
const DOT_WIDTH = 0.05;

/** Puts each face with a distance on the line; those that would hide each other are stacked. */
export function dotsOf(faces: readonly PlacedFace[]): Dot[] {
  const dots: Dot[] = [];
  const measured = faces.filter(({ face }) => face.distance !== null);
  for (const placed of measured.toSorted((a, b) => a.face.distance! - b.face.distance!)) {
    const at = Math.min(1, placed.face.distance!);
    const taken = dots.filter((dot) => at - dot.at < DOT_WIDTH).map(({ row }) => row);
    let row = 0;
    while (taken.includes(row)) row++;
    dots.push({ placed, at, row });
  }
  return dots;
}

/** A threshold on the line. */
export interface Flag {
  readonly at: number;
  readonly name: "match" | "watchlist" | "watchlist_single";
}

/** The thresholds, those furthest right first: each can have its words to its right, one under the other. */
export function flagsOf(thresholds: Thresholds): Flag[] {
  const flags: Flag[] = [
    { at: thresholds.matchDistance, name: "match" },
    { at: thresholds.watchlistDistance, name: "watchlist" },
    { at: thresholds.watchlistSingleDistance, name: "watchlist_single" },
  ];
  return flags.toSorted((a, b) => b.at - a.at);
}
