import type * as Ort from "onnxruntime-node";
import { messageOf } from "../../lib/errors.ts";
import { clip, createAligner, hasArea, type Landmarks, placeLandmarks } from "./alignment.ts";
import { ensureGraphs } from "./converter/ensure-graphs.ts";
import { LANDMARK_SIDE } from "./converter/face-landmark-68.ts";
import { RECOGNITION_SIDE } from "./converter/face-recognition.ts";
import { weightHashes } from "./converter/graph-files.ts";
import { SSD_SIDE } from "./converter/ssd-mobilenetv1.ts";
import { TINY_SIDE } from "./converter/tiny-face-detector.ts";
import type { NetName } from "./converter/weights.ts";
import { ssdFaces, tinyFaces } from "./detectors.ts";
import type { Box, DetectedFace, FaceEngine, Picture } from "./face-engine.ts";
import { RecognitionError } from "./recognition-error.ts";
import { createResampler, type Normalisation } from "./resample.ts";
import type { RecognitionSettings } from "./settings.ts";

/** The face engine on onnxruntime, which can also tell the landmarks on which a description rests. */
export interface OnnxEngine extends FaceEngine {
  landmarks(picture: Picture, face: DetectedFace): Promise<Landmarks>;
}

/** What the engine needs. */
export interface OnnxEngineDeps {
  /** Cache of converted nets, see `ensureGraphs`. */
  readonly graphFolder: string;
  /** Loads onnxruntime; default the package `onnxruntime-node`. */
  readonly loadRuntime?: () => Promise<typeof Ort>;
}

/** A loaded net: its input as planes red, green, blue; its outputs by name. */
type Net = (input: Float32Array) => Promise<Record<string, Float32Array>>;

type Detect = (picture: Picture) => Promise<DetectedFace[]>;

/** Part of the model's name: faces aligned in another way give other embeddings. */
const ALIGNMENT = "eyes_level";

const MINUS_ONE_TO_ONE: Normalisation = { scale: 1 / 127.5, shift: [-1, -1, -1] };
/** Means of red, green and blue over the photos that the nets were trained with. */
const TINY_MEAN = minusMean(117.001, 114.697, 97.404);
const FACE_MEAN = minusMean(122.782, 117.001, 104.298);

/**
 * Loads detector, landmark and recognition nets, one thread each. Inference blocks the thread that calls:
 * make one engine per worker and more workers, not more threads. Calls that overlap wait for each other.
 * @throws RecognitionError
 */
export async function createOnnxEngine(
  config: Pick<RecognitionSettings, "detector" | "minScore">,
  deps: OnnxEngineDeps,
): Promise<OnnxEngine> {
  const graphs = await ensureGraphs(deps.graphFolder);
  const runtime = await loadRuntime(deps.loadRuntime ?? (() => import("onnxruntime-node")));
  const sessions: Ort.InferenceSession[] = [];
  const inTurn = turns();

  async function load(name: NetName, side: number): Promise<Net> {
    const session = await openSession(runtime, graphs[name]);
    sessions.push(session);
    return async (input) => {
      const outputs = await session.run({ input: new runtime.Tensor("float32", input, [1, 3, side, side]) });
      return Object.fromEntries(
        Object.entries(outputs).map(([output, tensor]) => [output, tensor.data as Float32Array]),
      );
    };
  }

  async function loadSsd(): Promise<Detect> {
    const net = await load("ssd_mobilenetv1", SSD_SIDE);
    const fill = createResampler(SSD_SIDE, "top-left", MINUS_ONE_TO_ONE);
    return async (picture) => {
      const { boxes, scores } = await net(fill(picture, whole(picture)));
      return ssdFaces(boxes!, scores!, picture, config.minScore);
    };
  }

  async function loadTiny(): Promise<Detect> {
    const net = await load("tiny_face_detector", TINY_SIDE);
    const fill = createResampler(TINY_SIDE, "top-left", TINY_MEAN);
    return async (picture) => {
      const { cells } = await net(fill(picture, whole(picture)));
      return tinyFaces(cells!, picture, config.minScore);
    };
  }

  const findFaces = config.detector === "ssd" ? await loadSsd() : await loadTiny();
  const findLandmarks = await load("face_landmark_68", LANDMARK_SIDE);
  const recognise = await load("face_recognition", RECOGNITION_SIDE);
  const cut = createResampler(LANDMARK_SIDE, "centred", FACE_MEAN);
  const align = createAligner(RECOGNITION_SIDE, FACE_MEAN);

  async function landmarks(picture: Picture, { box }: DetectedFace): Promise<Landmarks> {
    const crop = clip(box, picture);
    const { landmarks: shares } = await findLandmarks(cut(picture, crop));
    return placeLandmarks(shares!, crop, box);
  }

  const engine: OnnxEngine = {
    model: await modelName(config.detector),
    detect: (picture) =>
      inTurn(async () => {
        const faces = (await findFaces(picture)).filter((face) => hasArea(clip(face.box, picture)));
        return faces.sort((a, b) => area(b.box) - area(a.box));
      }),
    landmarks: (picture, face) => inTurn(() => landmarks(picture, face)),
    describe: (picture, face) =>
      inTurn(async () => {
        const { descriptor } = await recognise(align(picture, await landmarks(picture, face)));
        return descriptor!;
      }),
    close: () =>
      inTurn(async () => {
        for (const session of sessions.splice(0)) await session.release();
      }),
  };
  await warmUp(engine);
  return engine;
}

/** The first run of a net allocates what later runs use again: better now than at the first visit. */
async function warmUp(engine: FaceEngine): Promise<void> {
  const picture = {
    width: RECOGNITION_SIDE,
    height: RECOGNITION_SIDE,
    data: new Uint8Array(3 * RECOGNITION_SIDE ** 2),
  };
  await engine.detect(picture);
  await engine.describe(picture, { box: whole(picture), score: 1 });
}

async function modelName(detector: RecognitionSettings["detector"]): Promise<string> {
  const hashes = await weightHashes();
  const named = (net: NetName): string => `${net}@${hashes[net]}`;
  const first = detector === "ssd" ? "ssd_mobilenetv1" : "tiny_face_detector";
  return [named(first), named("face_landmark_68"), ALIGNMENT, named("face_recognition")].join("+");
}

function minusMean(red: number, green: number, blue: number): Normalisation {
  return { scale: 1 / 255, shift: [-red / 255, -green / 255, -blue / 255] };
}

const whole = ({ width, height }: Picture): Box => ({ x: 0, y: 0, width, height });

const area = (box: Box): number => box.width * box.height;

async function loadRuntime(load: () => Promise<typeof Ort>): Promise<typeof Ort> {
  try {
    return await load();
  } catch (error) {
    throw new RecognitionError(`load onnxruntime: ${messageOf(error)}`, {
      code: "engine_unavailable",
      hint: "onnxruntime needs 64-bit Linux with glibc 2.28 or newer (Debian 10, not Alpine); run `npm ci` on the machine itself.",
      cause: error,
    });
  }
}

async function openSession(runtime: typeof Ort, file: string): Promise<Ort.InferenceSession> {
  try {
    return await runtime.InferenceSession.create(file, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
    });
  } catch (error) {
    throw new RecognitionError(`load net ${file}: ${messageOf(error)}`, {
      code: "graphs_unavailable",
      hint: "Delete the file; it is made again at the next start.",
      cause: error,
    });
  }
}

/** Runs tasks one after the other; a task that fails does not stop the next. */
function turns(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}
