/**
 * The yardstick of `bench pipeline`, a warm process of its own: whoever sends it the path of a photo by IPC is
 * answered how long it took to decode it, to find its faces and to describe them, ms. As little favoured by the
 * scheduler as a worker, so that other work on the machine slows both alike.
 */
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { shippedSettings, testEngine } from "../src/doorbell/recognition/fixtures.ts";
import { decodePhoto } from "../src/doorbell/recognition/photo.ts";

const WORKER_NICENESS = 10;

setPriority(WORKER_NICENESS);
const { photo: limits, decodeMaxPx } = shippedSettings;
const engine = await testEngine();

process.on("message", async (path: string) => {
  const bytes = readFileSync(path);
  const began = performance.now();
  const picture = await decodePhoto(bytes, limits, decodeMaxPx);
  for (const face of await engine.detect(picture)) await engine.describe(picture, face);
  process.send!(performance.now() - began);
});
