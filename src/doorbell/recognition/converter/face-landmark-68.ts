import { type GraphBuilder, graphBuilder, type Value } from "./graph.ts";
import type { OnnxGraph } from "./onnx.ts";
import { separableConvolution } from "./separable.ts";
import type { WeightLookup } from "./weights.ts";

/** Side of the input, px: a face, RGB, `(value - mean) / 255`. */
export const LANDMARK_SIDE = 112;

/**
 * Vincent Mühler's dense net for 68 landmarks (https://github.com/justadudewhohacks/face-api.js):
 * output `landmarks`, 1 x 136, x and y by turns, as shares of the input's side.
 */
export function faceLandmark68Graph(weights: WeightLookup): OnnxGraph {
  const graph = graphBuilder("face_landmark_68");
  let x = graph.input(3, LANDMARK_SIDE);
  for (const block of ["dense0", "dense1", "dense2", "dense3"]) x = denseBlock(graph, weights, block, x);
  x = graph.pool("AveragePool", x, 7, 2, "valid");
  const flat = graph.apply("Flatten", [x], [1, 256]);
  const matrix = weights("fc/weights");
  const product = graph.apply("MatMul", [flat, graph.constant(matrix.shape, matrix.data)], [1, 136]);
  graph.output("landmarks", graph.add(product, graph.constant([136], weights("fc/bias").data)));
  return graph.build();
}

/** Halves the sides, then three convolutions, each of which sees the sum of all before it. */
function denseBlock(graph: GraphBuilder, weights: WeightLookup, name: string, x: Value): Value {
  const entry =
    name === "dense0"
      ? graph.convolve(x, {
          filters: weights(`${name}/conv0/filters`),
          bias: weights(`${name}/conv0/bias`).data,
          stride: 2,
        })
      : separableConvolution(graph, weights, `${name}/conv0`, x, 2);
  let sum = graph.relu(entry);
  let seen = sum;
  for (const layer of ["conv1", "conv2", "conv3"]) {
    sum = graph.add(sum, separableConvolution(graph, weights, `${name}/${layer}`, seen, 1));
    seen = graph.relu(sum);
  }
  return seen;
}
