import type { VisitView } from "../../doorbell/api.ts";
import { nameText } from "./words.ts";

/** Columns of the line from 0 to 1. */
const WIDTH = 50;

/**
 * How near every face was to somebody of the library: a line of distances from 0 to 1 with the thresholds,
 * and under it a dot a face, nearest first. No lines where nothing was compared.
 */
export function distanceLine({ captures, thresholds }: VisitView): string[] {
  const dots = captures.flatMap(({ faces }, index) =>
    faces.flatMap(({ distance, nearest }) =>
      distance === null ? [] : [{ distance, name: nameText(nearest), frame: index + 1 }],
    ),
  );
  if (dots.length === 0) return [];
  const flags = thresholds
    ? [
        [thresholds.watchlistSingleDistance, "watchlist, one frame"] as const,
        [thresholds.watchlistDistance, "watchlist, two frames"] as const,
        [thresholds.matchDistance, "known"] as const,
      ].sort(([a], [b]) => b - a)
    : [];
  return [
    `0 ${scale(flags.map(([at]) => at))} 1`,
    ...flags.map(([at, meaning]) => mark(at, "└", `${at.toFixed(2)} ${meaning}`)),
    ...dots
      .sort((a, b) => a.distance - b.distance)
      .map(({ distance, name, frame }) =>
        mark(distance, "●", `${distance.toFixed(2)} ${name}, frame ${frame}`),
      ),
  ];
}

/** The column of a distance; beyond 1 it stands at the end. */
const columnOf = (distance: number): number => Math.round(Math.min(Math.max(distance, 0), 1) * WIDTH);

function scale(flags: readonly number[]): string {
  const line = Array.from({ length: WIDTH + 1 }, () => "─");
  for (const at of flags) line[columnOf(at)] = "┬";
  return line.join("");
}

function mark(at: number, sign: string, text: string): string {
  return `  ${" ".repeat(columnOf(at))}${sign} ${text}`;
}
