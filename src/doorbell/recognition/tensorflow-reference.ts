/** face-api on TensorFlow.js, as its author runs it: what our own engine is measured against in tests. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { weightsFolder } from "./converter/weights.ts";
import type { Box, Picture } from "./face-engine.ts";

/** One face as face-api tells it. */
export interface ReferenceFace {
  readonly score: number;
  readonly box: Box;
  /** x, y by turns, px of the picture. */
  readonly landmarks: readonly number[];
}

/** The nets as their authors ship them, on TensorFlow.js: what ours are compared with. */
export interface Reference {
  /** @param chip an aligned face, 150 x 150, RGB by turns, 0 to 255 @returns 128 numbers */
  describe(chip: Float32Array): Promise<Float32Array>;
  faces(picture: Picture, detector: "ssd" | "tiny", minScore: number): Promise<ReferenceFace[]>;
}

/** The few things of TensorFlow.js and face-api that are touched here. */
interface TensorFlow {
  readonly Tensor: { readonly prototype: Record<string, unknown> };
  setBackend(name: string): Promise<boolean>;
  reshape(tensor: unknown, shape: number[]): unknown;
  tensor3d(data: Uint8Array | Float32Array, shape: [number, number, number], type: string): Input;
}
interface Input {
  dispose(): void;
}
interface Net {
  loadFromDisk(folder: string): Promise<void>;
  computeFaceDescriptor(input: Input): Promise<Float32Array>;
}
interface FaceApi {
  readonly nets: Record<string, Net>;
  readonly SsdMobilenetv1Options: new (options: { minConfidence: number }) => object;
  readonly TinyFaceDetectorOptions: new (options: { inputSize: number; scoreThreshold: number }) => object;
  detectAllFaces(input: Input, options: object): { withFaceLandmarks(): Promise<FaceApiFace[]> };
}
interface FaceApiFace {
  readonly detection: { readonly score: number; readonly box: Box };
  readonly landmarks: { readonly positions: readonly { readonly x: number; readonly y: number }[] };
}

/** Loads TensorFlow.js with its WebAssembly back end and face-api's nets. */
export async function loadReference(): Promise<Reference> {
  const require = createRequire(import.meta.url);
  const tensorflow = require("@tensorflow/tfjs-core");
  const wasm = require("@tensorflow/tfjs-backend-wasm");
  addMethods(tensorflow);
  wasm.setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  wasm.setThreadsCount(1);
  await tensorflow.setBackend("wasm");

  const faceApi = loadFaceApi(tensorflow, require);
  for (const net of ["ssdMobilenetv1", "tinyFaceDetector", "faceLandmark68Net", "faceRecognitionNet"]) {
    await faceApi.nets[net]!.loadFromDisk(weightsFolder());
  }
  return {
    async describe(chip) {
      const input = tensorflow.tensor3d(chip, [150, 150, 3], "float32");
      const descriptor = await faceApi.nets.faceRecognitionNet!.computeFaceDescriptor(input);
      input.dispose();
      return descriptor;
    },
    async faces({ data, width, height }, detector, minScore) {
      const input = tensorflow.tensor3d(data, [height, width, 3], "int32");
      const options =
        detector === "ssd"
          ? new faceApi.SsdMobilenetv1Options({ minConfidence: minScore })
          : new faceApi.TinyFaceDetectorOptions({ inputSize: 416, scoreThreshold: minScore });
      const faces = await faceApi.detectAllFaces(input, options).withFaceLandmarks();
      input.dispose();
      return faces.map(({ detection, landmarks }) => ({
        score: detection.score,
        box: detection.box,
        landmarks: landmarks.positions.flatMap(({ x, y }) => [x, y]),
      }));
    },
  };
}

/**
 * face-api's build for Node asks for the umbrella package `@tensorflow/tfjs` (and its 60 others); all that it
 * takes from it is the core.
 */
function loadFaceApi(tensorflow: TensorFlow, require: NodeJS.Require): FaceApi {
  const file = join(dirname(weightsFolder()), "dist/face-api.node-wasm.js");
  const module = { exports: {} };
  const run = new Function("module", "exports", "require", readFileSync(file, "utf8"));
  run(module, module.exports, (name: string) => (name === "@tensorflow/tfjs" ? tensorflow : require(name)));
  return module.exports as FaceApi;
}

/** The umbrella package also puts operations on tensors as methods; face-api calls these. */
function addMethods(tensorflow: TensorFlow & Record<string, unknown>): void {
  const methods = tensorflow.Tensor.prototype;
  for (const name of ["div", "mul", "sub", "mean", "reshape", "slice", "expandDims"]) {
    const operation = tensorflow[name] as (...values: unknown[]) => unknown;
    methods[name] = function (this: unknown, ...values: unknown[]) {
      return operation(this, ...values);
    };
  }
  for (const name of ["as1D", "as2D", "as3D", "as4D"]) {
    methods[name] = function (this: unknown, ...shape: number[]) {
      return tensorflow.reshape(this, name === "as1D" ? [-1] : shape);
    };
  }
}
