import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";

/** The nets that are converted, by the names under which `@vladmandic/face-api` ships them. */
export const NETS = [
  "ssd_mobilenetv1",
  "tiny_face_detector",
  "face_landmark_68",
  "face_recognition",
] as const;
/** One of `NETS`. */
export type NetName = (typeof NETS)[number];

/** Numbers with their shape, row-major. Filters are height, width, channels in, channels out (TensorFlow's order). */
export interface Weights {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Gives a tensor of the net by its name in the manifest. @throws Error when the net has none of that name */
export type WeightLookup = (name: string) => Weights;

/** Folder of the weights inside the installed package. @throws Error when the package is missing */
export function weightsFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve("@vladmandic/face-api/package.json")), "model");
}

/** Paths of a net's two source files, in a fixed order: manifest, then numbers. */
export function weightFiles(net: NetName): [manifest: string, numbers: string] {
  const stem = join(weightsFolder(), `${net}_model`);
  return [`${stem}-weights_manifest.json`, `${stem}.bin`];
}

/** TensorFlow.js's `weights_manifest.json`: tensors lie in the file one after the other, in this order. */
const manifestSchema = z
  .array(
    z.object({
      weights: z.array(
        z.object({
          name: z.string(),
          shape: z.array(z.number()),
          dtype: z.enum(["float32", "int32"]),
          quantization: z
            .object({ dtype: z.literal("uint8"), scale: z.number(), min: z.number() })
            .optional(),
        }),
      ),
    }),
  )
  .length(1);

/** Reads a net's tensors, bytes widened to `byte * scale + min`. @throws Error when a file is missing or not as expected */
export async function readWeights(net: NetName): Promise<WeightLookup> {
  const [manifestFile, numbersFile] = weightFiles(net);
  const [group] = manifestSchema.parse(JSON.parse(await readFile(manifestFile, "utf8")));
  const bytes = await readFile(numbersFile);
  const tensors = new Map<string, Weights>();
  let offset = 0;
  for (const { name, shape, quantization } of group!.weights) {
    const count = shape.reduce((product, size) => product * size, 1);
    const stored = bytes.subarray(offset, offset + count * (quantization ? 1 : 4));
    offset += stored.length;
    const data = quantization
      ? Float32Array.from(stored, (byte) => byte * quantization.scale + quantization.min)
      : new Float32Array(new Uint8Array(stored).buffer);
    tensors.set(name, { shape, data });
  }
  if (offset !== bytes.length)
    throw new Error(`read weights ${net}: ${bytes.length - offset} bytes left over`);
  return (name) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`read weights ${net}: no tensor ${name}`);
    return found;
  };
}
