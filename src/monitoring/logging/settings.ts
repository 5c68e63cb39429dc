import { z } from "zod";
import { live, restart } from "../../lib/settings.ts";

/** From the most to the least talkative. */
export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
/** One of `LEVELS`. */
export type Level = (typeof LEVELS)[number];

/** What is logged, and for how long it is kept. */
export const loggingSettings = z
  .strictObject({
    level: live(z.enum(LEVELS).default("info")).describe("The least severe level that is written."),
    maxBytes: restart(z.int().min(65_536).default(16_777_216)).describe(
      "Size at which a log file is put aside and a new one begun, in bytes; at the latest after a day.",
    ),
    keepFiles: restart(z.int().min(1).max(1_000).default(8)).describe(
      "How many files put aside are kept for each process.",
    ),
    keepDays: restart(z.int().min(1).max(3_650).default(14)).describe(
      "Age at which a log file is removed, in days since its last line.",
    ),
    console: restart(z.enum(["auto", "on", "off"]).default("auto")).describe(
      "Whether readable lines go to standard output too; `auto`: when it is a terminal.",
    ),
  })
  .prefault({});

/** Parsed `loggingSettings`. */
export type LoggingSettings = z.infer<typeof loggingSettings>;
