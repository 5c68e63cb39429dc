import { z } from "zod";
import { live, restart } from "../../lib/settings.ts";

/** How visits are worked through. */
export const pipelineSettings = z
  .strictObject({
    workers: restart(z.int().min(1).max(64).default(1)).describe(
      "How many worker processes recognise faces. Each needs about 200 MB and one core while it works.",
    ),
    framesPerVisit: live(z.int().min(1).max(20).default(3)).describe(
      "How many frames a visit takes at most; it stops at the first decisive one.",
    ),
    frameIntervalMs: live(z.int().min(0).max(5_000).default(300)).describe(
      "Least time from one frame to the next, in milliseconds.",
    ),
    firstFrameTimeoutMs: live(z.int().min(100).max(60_000).default(5_000)).describe(
      "How long a camera may take for its first frame, in milliseconds; then the visit has no frame.",
    ),
    captureTimeoutMs: live(z.int().min(100).max(120_000).default(8_000)).describe(
      "How long all frames of a visit may take, in milliseconds.",
    ),
    maxFacesPerFrame: live(z.int().min(1).max(100).default(12)).describe(
      "How many faces of one frame are compared, largest first.",
    ),
    maxTries: live(z.int().min(1).max(20).default(5)).describe(
      "After so many failed tries a visit goes to the dead letters, and says so.",
    ),
    leaseMs: restart(z.int().min(1_000).max(600_000).default(30_000)).describe(
      "How long a worker holds a visit before another may take it, in milliseconds.",
    ),
    retry: restart(
      z
        .strictObject({
          firstMs: z.int().min(1).default(500).describe("Wait after the first failure, in milliseconds."),
          maxMs: z.int().min(1).default(30_000).describe("Longest wait, in milliseconds."),
        })
        .prefault({}),
    ).describe("Waits between the tries of a visit."),
  })
  .prefault({});

/** Parsed `pipelineSettings`. */
export type PipelineSettings = z.infer<typeof pipelineSettings>;
