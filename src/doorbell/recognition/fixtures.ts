/** Real faces and a real engine for tests and benches; nothing that runs in production imports this. */
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Picture } from "./face-engine.ts";
import { createOnnxEngine, type OnnxEngine } from "./onnx-engine.ts";
import { decodePhoto } from "./photo.ts";
import { type RecognitionSettings, recognitionSettings } from "./settings.ts";

const root = join(import.meta.dirname, "../../..");

/** The settings as they are shipped. */
export const shippedSettings: RecognitionSettings = recognitionSettings.parse({});

/** Converted nets that all tests share; safe while several use it. */
export const testGraphFolder = join(root, "node_modules/.cache/graphs");

/** Six group photos, `sample1.jpg` to `sample6.jpg`, that every clone of the project has. */
export const demoFolder = join(
  dirname(createRequire(import.meta.url).resolve("@vladmandic/face-api/package.json")),
  "demo",
);

/** Labelled photos beside the project's folder, which not every machine has. */
export const labelledFolder: string | undefined = [
  join(root, "../shared/faces"),
  join(root, "../../shared/faces"),
].find(existsSync);

/** Names of the JPEG photos in a folder, sorted; of the demonstration folder only the group photos. */
export function photosIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jpg"))
    .sort();
}

/** Decodes a photo at the shipped size, or another. */
export async function readPhoto(
  folder: string,
  name: string,
  maxSide = shippedSettings.decodeMaxPx,
): Promise<Picture> {
  return decodePhoto(await readFile(join(folder, name)), shippedSettings.photo, maxSide);
}

/** An engine on the shared nets, with the shipped settings or others. */
export function testEngine(settings: Partial<RecognitionSettings> = {}): Promise<OnnxEngine> {
  return createOnnxEngine({ ...shippedSettings, ...settings }, { graphFolder: testGraphFolder });
}
