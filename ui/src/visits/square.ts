import type { FaceView } from "./visit.ts";

type Box = FaceView["box"];

/** The square around the middle of a box, all of it within the frame. @param ratio width to height of the frame */
export function squareAround(box: Box, ratio: number): Box {
  const width = Math.min(1, 1 / ratio, Math.max(box.width, box.height / ratio));
  const height = width * ratio;
  const within = (start: number, length: number): number => Math.min(1 - length, Math.max(0, start));
  return {
    x: within(box.x + (box.width - width) / 2, width),
    y: within(box.y + (box.height - height) / 2, height),
    width,
    height,
  };
}
