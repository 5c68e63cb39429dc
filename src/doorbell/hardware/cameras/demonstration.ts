import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import sharp from "sharp";
import type { Clock } from "../../../lib/clock.ts";
import { messageOf } from "../../../lib/errors.ts";
import { type Camera, CameraError } from "./camera.ts";
import { bandHeight, demonstrationBand } from "./demonstration-band.ts";
import type { Scene, SceneFrame } from "./scene.ts";
import type { DemonstrationSettings } from "./settings.ts";
import { snapshotCamera } from "./snapshot-camera.ts";

/** What the demonstration camera is made of. */
export interface DemonstrationDeps {
  readonly clock: Clock;
  /** The scenes, in the order in which presses see them. */
  readonly scenes: readonly Scene[];
  /** The folder of their photos; by default that of the package `@vladmandic/face-api`. */
  readonly photos?: string;
}

/**
 * Regions of real photos instead of a door. A capture shows one scene: the one the press asks for, else the
 * one of the settings, else the next one in turn. Under each frame, where it hides nothing, stands the word
 * DEMONSTRATION.
 */
export function demonstrationCamera(
  config: Omit<DemonstrationSettings, "driver">,
  deps: DemonstrationDeps,
): Camera {
  const { clock, scenes } = deps;
  const pictures = new Map<SceneFrame, Uint8Array>();
  let turn = 0;

  return snapshotCamera("demonstration", clock, (request) => {
    const { frames } = choose(request.scene ?? config.scene);
    let next = 0;
    return async () => {
      const frame = frames[next++ % frames.length]!;
      const bytes = pictures.get(frame) ?? (await cut(deps.photos, frame));
      pictures.set(frame, bytes);
      return { bytes, mediaType: "image/jpeg", takenAt: clock.now() };
    };
  });

  function choose(id: string | undefined): Scene {
    const scene = id === undefined ? scenes[turn++ % scenes.length] : scenes.find((each) => each.id === id);
    if (scene) return scene;
    throw new CameraError(`choose demonstration scene: there is no ${id ?? "scene"}`, {
      code: "camera_empty",
      hint: `Ask for one of: ${scenes.map((each) => each.id).join(", ")}.`,
    });
  }
}

/** The region as a JPEG with the band under it. */
async function cut(photos: string | undefined, { file, ...region }: SceneFrame): Promise<Uint8Array> {
  const { width, height } = region;
  try {
    return await sharp(join(photos ?? packagePhotos(), file))
      .extract(region)
      .extend({ bottom: bandHeight(width) })
      .composite([{ input: demonstrationBand(width), left: 0, top: height }])
      .jpeg({ quality: 90 })
      .toBuffer();
  } catch (error) {
    throw new CameraError(`cut demonstration photo ${file}: ${messageOf(error)}`, {
      code: "camera_off",
      hint: "Run `npm ci` again: the photos come with the package @vladmandic/face-api.",
      cause: error,
    });
  }
}

function packagePhotos(): string {
  const { resolve } = createRequire(import.meta.url);
  return join(dirname(resolve("@vladmandic/face-api/package.json")), "demo");
}
