/**
 * Converts every net into the folder given as the only argument. Its own process: converting takes memory
 * that a worker would keep. Started by `ensureGraphs`.
 */
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { faceLandmark68Graph } from "./face-landmark-68.ts";
import { faceRecognitionGraph } from "./face-recognition.ts";
import { graphFiles } from "./graph-files.ts";
import { encodeOnnx, type OnnxGraph } from "./onnx.ts";
import { ssdMobilenetv1Graph } from "./ssd-mobilenetv1.ts";
import { tinyFaceDetectorGraph } from "./tiny-face-detector.ts";
import { NETS, type NetName, readWeights, type WeightLookup } from "./weights.ts";

const CONVERTERS: Record<NetName, (weights: WeightLookup) => OnnxGraph> = {
  ssd_mobilenetv1: ssdMobilenetv1Graph,
  tiny_face_detector: tinyFaceDetectorGraph,
  face_landmark_68: faceLandmark68Graph,
  face_recognition: faceRecognitionGraph,
};

/** Writes all or nothing, even when several processes convert at once: each has a name of its own until the end. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(unfinished, "w");
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error("convert nets: no folder given");
await mkdir(folder, { recursive: true });
const files = await graphFiles();
for (const net of NETS) {
  await writeWhole(join(folder, files[net]), encodeOnnx(CONVERTERS[net](await readWeights(net))));
}
await syncFolder(folder);
