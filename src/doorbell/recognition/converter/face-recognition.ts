import { type GraphBuilder, graphBuilder, type Value } from "./graph.ts";
import type { OnnxGraph } from "./onnx.ts";
import type { WeightLookup } from "./weights.ts";

/** Side of the input, px: an aligned face, RGB, `(value - mean) / 255`. */
export const RECOGNITION_SIDE = 150;

/**
 * dlib's ResNet of 29 layers for faces (Davis King, 2017,
 * http://blog.dlib.net/2017/02/high-quality-face-recognition-with-deep.html): output `descriptor`, 1 x 128.
 */
export function faceRecognitionGraph(weights: WeightLookup): OnnxGraph {
  const graph = graphBuilder("face_recognition");
  let x = graph.input(3, RECOGNITION_SIDE);
  x = graph.relu(scaledConvolution(graph, weights, "conv32_down", x, 2));
  x = graph.pool("MaxPool", x, 3, 2, "valid");
  for (const block of ["conv32_1", "conv32_2", "conv32_3"]) x = residual(graph, weights, block, x);
  x = residualDown(graph, weights, "conv64_down", x);
  for (const block of ["conv64_1", "conv64_2", "conv64_3"]) x = residual(graph, weights, block, x);
  x = residualDown(graph, weights, "conv128_down", x);
  for (const block of ["conv128_1", "conv128_2"]) x = residual(graph, weights, block, x);
  x = residualDown(graph, weights, "conv256_down", x);
  for (const block of ["conv256_1", "conv256_2"]) x = residual(graph, weights, block, x);
  x = residualDown(graph, weights, "conv256_down_out", x);

  const mean = graph.apply("GlobalAveragePool", [x], [1, 256, 1, 1]);
  const flat = graph.apply("Flatten", [mean], [1, 256]);
  const { shape, data } = weights("fc");
  graph.output("descriptor", graph.apply("MatMul", [flat, graph.constant(shape, data)], [1, 128]));
  return graph.build();
}

/** Convolution, then dlib's scale layer, folded into it: `(x * f + b) * s + t` is `x * (f * s) + (b * s + t)`. */
function scaledConvolution(
  graph: GraphBuilder,
  weights: WeightLookup,
  name: string,
  x: Value,
  stride: 1 | 2,
): Value {
  const filters = weights(`${name}/conv/filters`);
  const scale = weights(`${name}/scale/weights`).data;
  const shift = weights(`${name}/scale/biases`).data;
  const bias = weights(`${name}/conv/bias`).data.map((b, channel) => b * scale[channel]! + shift[channel]!);
  const data = filters.data.map((f, index) => f * scale[index % scale.length]!);
  return graph.convolve(x, {
    filters: { shape: filters.shape, data },
    bias,
    stride,
    padding: stride === 2 ? "valid" : "same",
  });
}

function residual(graph: GraphBuilder, weights: WeightLookup, name: string, x: Value): Value {
  const inner = graph.relu(scaledConvolution(graph, weights, `${name}/conv1`, x, 1));
  const outer = scaledConvolution(graph, weights, `${name}/conv2`, inner, 1);
  return graph.relu(graph.add(outer, x));
}

/** Halves the sides; the shorter of the two paths is filled up with zeros behind channels, rows and columns. */
function residualDown(graph: GraphBuilder, weights: WeightLookup, name: string, x: Value): Value {
  const inner = graph.relu(scaledConvolution(graph, weights, `${name}/conv1`, x, 2));
  const outer = scaledConvolution(graph, weights, `${name}/conv2`, inner, 1);
  const shortcut = graph.pool("AveragePool", x, 2, 2, "valid");
  const target = outer.shape.map((size, axis) => Math.max(size, shortcut.shape[axis]!));
  return graph.relu(graph.add(fillUp(graph, shortcut, target), fillUp(graph, outer, target)));
}

function fillUp(graph: GraphBuilder, x: Value, target: readonly number[]): Value {
  const [, channels = 0, rows = 0, columns = 0] = target.map((size, axis) => size - x.shape[axis]!);
  return channels + rows + columns === 0 ? x : graph.padZero(x, channels, rows, columns);
}
