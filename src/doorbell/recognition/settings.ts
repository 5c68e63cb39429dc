import { z } from "zod";

/** Settings of face detection, recognition and the photos they work on. */
export const recognitionSettings = z.strictObject({
  detector: z
    .enum(["ssd", "tiny"])
    .default("ssd")
    .describe("Which net finds faces: `ssd` finds more, `tiny` takes about a ninth of the time."),
  minScore: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe("Confidence from which a box counts as a face, 0 to 1."),
  decodeMaxPx: z
    .int()
    .min(320)
    .max(4096)
    .default(1280)
    .describe("Longest side to which a photo is shrunk before faces are looked for, pixels."),
  minFaceWidthPx: z
    .int()
    .min(20)
    .max(1000)
    .default(64)
    .describe("Narrowest face that is named, pixels of the shrunk photo."),
  matchDistance: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe("Largest Euclidean distance at which two faces are one person."),
  watchlistDistance: z
    .number()
    .gt(0)
    .max(1)
    .default(0.45)
    .describe("The same for people on the watchlist, when two frames of a visit agree."),
  watchlistSingleDistance: z
    .number()
    .gt(0)
    .max(1)
    .default(0.4)
    .describe("The same for people on the watchlist, when a visit has one frame only."),
  photo: z
    .strictObject({
      maxBytes: z.int().min(1024).default(20_000_000).describe("Largest photo file that is read, bytes."),
      maxPixels: z
        .int()
        .min(1_000_000)
        .default(64_000_000)
        .describe("Most pixels a photo may have, width times height."),
    })
    .prefault({}),
});

/** Parsed `recognitionSettings`. */
export type RecognitionSettings = z.infer<typeof recognitionSettings>;
