import { z } from "zod";
import { secret } from "../../../lib/settings.ts";

const folder = z.strictObject({
  driver: z
    .literal("folder")
    .describe("Pictures that something else drops into a folder, such as an FTP upload."),
  path: z.string().min(1).describe("The folder. Its subfolders and symbolic links are ignored."),
  order: z
    .enum(["newest", "name"])
    .default("newest")
    .describe("`newest`: newest file first, none twice a visit; `name`: by file name, round and round."),
  maxAgeMs: z
    .int()
    .min(1_000)
    .default(60_000)
    .describe(
      "Age at the press of the oldest picture that may stand for a visit, ms; only for the order `newest`.",
    ),
});

const http = z
  .strictObject({
    driver: z.literal("http").describe("A camera that answers GET with one picture."),
    url: z
      .url({ protocol: /^https?$/, error: "give an address that starts with http:// or https://" })
      .refine(
        (text) => !/^https?:\/\/[^/?#]*@/i.test(text),
        "put the credentials into `username` and `password`",
      )
      .describe("Address of the snapshot. Redirects are followed on the same host, port and protocol only."),
    username: z
      .string()
      .min(1)
      .optional()
      .describe("User for basic or digest authentication, whichever the camera asks for."),
    password: secret().optional().describe("Where the password is kept; needs `username`."),
    timeoutMs: z
      .int()
      .min(100)
      .max(60_000)
      .default(3_000)
      .describe("How long one picture may take from connecting to its last byte, ms."),
  })
  .refine((camera) => (camera.username === undefined) === (camera.password === undefined), {
    error: "give `username` and `password` together",
    path: ["password"],
  });

const demonstration = z.strictObject({
  driver: z
    .literal("demonstration")
    .describe("Marked regions of the photos in @vladmandic/face-api, for trying the system out."),
  scene: z.string().optional().describe("The scene shown at every press; without it all scenes in turn."),
});

/** One camera of a door: the driver and what it needs. */
export const cameraSettings = z.discriminatedUnion("driver", [folder, http, demonstration]);

/** Parsed `cameraSettings`. */
export type CameraSettings = z.infer<typeof cameraSettings>;
/** Parsed settings of the driver `folder`. */
export type FolderSettings = z.infer<typeof folder>;
/** Parsed settings of the driver `http`. */
export type HttpSettings = z.infer<typeof http>;
/** Parsed settings of the driver `demonstration`. */
export type DemonstrationSettings = z.infer<typeof demonstration>;
