import { type GraphBuilder, graphBuilder, type Value } from "./graph.ts";
import type { OnnxGraph } from "./onnx.ts";
import type { WeightLookup, Weights } from "./weights.ts";

/** Side of the input, px: the picture, RGB, `value / 127.5 - 1`. */
export const SSD_SIDE = 512;

/** Number of boxes the net proposes. */
export const SSD_BOXES = 5118;

/** TensorFlow's epsilon of the batch normalisation. */
const EPSILON = 0.001;
/** Layers of MobileNet that halve the sides. */
const HALVING = new Set([2, 4, 6, 12]);
/** A predictor's class channels go by threes: background, face, nothing. Only the face is kept. */
const CLASSES = 3;
const FACE_CLASS = 1;

/**
 * SSD on MobileNet v1 (Liu et al. 2016, Howard et al. 2017), trained on WIDER FACE: outputs `boxes`,
 * 5118 x 4 (top, left, bottom, right as shares of the side), and `scores`, 5118, from 0 to 1.
 */
export function ssdMobilenetv1Graph(weights: WeightLookup): OnnxGraph {
  const graph = graphBuilder("ssd_mobilenetv1");
  const { middle, last } = mobilenet(graph, weights, graph.input(3, SSD_SIDE));

  const maps = [middle, last];
  let x = last;
  for (let layer = 0; layer < 8; layer += 2) {
    x = pointwise(graph, weights, `Prediction/Conv2d_${layer}_pointwise`, x, 1);
    x = pointwise(graph, weights, `Prediction/Conv2d_${layer + 1}_pointwise`, x, 2);
    maps.push(x);
  }
  const predictor = (index: number, kind: string): string => `Prediction/BoxPredictor_${index}/${kind}`;
  const encodings = maps.map((map, index) => {
    const name = predictor(index, "BoxEncodingPredictor");
    return predict(graph, map, weights(`${name}/weights`), weights(`${name}/biases`), 4);
  });
  const logits = maps.map((map, index) => {
    const name = predictor(index, "ClassPredictor");
    return predict(graph, map, faceOnly(weights(`${name}/weights`)), faceOnly(weights(`${name}/biases`)), 1);
  });
  graph.output("boxes", decodeBoxes(graph, join(graph, encodings, 4), weights("Output/extra_dim")));
  graph.output("scores", graph.apply("Sigmoid", [join(graph, logits, 1)], [SSD_BOXES, 1]));
  return graph.build();
}

function mobilenet(graph: GraphBuilder, weights: WeightLookup, input: Value): { middle: Value; last: Value } {
  let x = pointwise(graph, weights, "MobilenetV1/Conv2d_0_pointwise", input, 2);
  let middle = x;
  for (let layer = 1; layer <= 13; layer++) {
    x = depthwise(graph, weights, `MobilenetV1/Conv2d_${layer}_depthwise`, x, HALVING.has(layer) ? 2 : 1);
    x = pointwise(graph, weights, `MobilenetV1/Conv2d_${layer}_pointwise`, x, 1);
    if (layer === 11) middle = x;
  }
  return { middle, last: x };
}

const relu6 = (graph: GraphBuilder, x: Value): Value =>
  graph.apply("Clip", [x, scalar(graph, 0), scalar(graph, 6)], x.shape);

const scalar = (graph: GraphBuilder, value: number): Value => graph.constant([], Float32Array.of(value));

/** In this net "pointwise" is any full convolution with its normalisation already folded into it. */
function pointwise(graph: GraphBuilder, weights: WeightLookup, name: string, x: Value, stride: 1 | 2): Value {
  const bias = weights(`${name}/convolution_bn_offset`).data;
  return relu6(graph, graph.convolve(x, { filters: weights(`${name}/weights`), bias, stride }));
}

/** Depthwise convolution with its batch normalisation folded in. */
function depthwise(graph: GraphBuilder, weights: WeightLookup, name: string, x: Value, stride: 1 | 2): Value {
  const norm = (part: string): Float32Array => weights(`${name}/BatchNorm/${part}`).data;
  const variance = norm("moving_variance");
  const mean = norm("moving_mean");
  const factor = norm("gamma").map((gamma, channel) => gamma / Math.sqrt(variance[channel]! + EPSILON));
  const filters = weights(`${name}/depthwise_weights`);
  const data = filters.data.map((f, index) => f * factor[index % factor.length]!);
  const bias = norm("beta").map((beta, channel) => beta - mean[channel]! * factor[channel]!);
  const convolution = { filters: { shape: filters.shape, data }, bias, stride, depthwise: true };
  return relu6(graph, graph.convolve(x, convolution));
}

/** Every third number of the last axis. */
function faceOnly({ shape, data }: Weights): Weights {
  const kept = data.filter((_, index) => index % CLASSES === FACE_CLASS);
  return { shape: shape.with(-1, shape.at(-1)! / CLASSES), data: kept };
}

/** A predictor over one feature map: rows of `width` numbers, one row a box, in the order of the anchors. */
function predict(graph: GraphBuilder, map: Value, filters: Weights, biases: Weights, width: number): Value {
  const y = graph.convolve(map, { filters, bias: biases.data });
  const [, channels = 0, height = 0, columns = 0] = y.shape;
  const pixels = graph.apply("Transpose", [y], [1, height, columns, channels], {
    perm: { ints: [0, 2, 3, 1] },
  });
  const rows = (channels * height * columns) / width;
  const shape = graph.constant([2], BigInt64Array.of(BigInt(rows), BigInt(width)));
  return graph.apply("Reshape", [pixels, shape], [rows, width]);
}

const join = (graph: GraphBuilder, parts: readonly Value[], width: number): Value =>
  graph.apply("Concat", parts, [SSD_BOXES, width], { axis: { int: 0 } });

/**
 * Anchors (top, left, bottom, right) moved and stretched by the net's encodings (dy, dx, log height, log width,
 * scaled by 10 and 5 in training).
 */
function decodeBoxes(graph: GraphBuilder, encodings: Value, anchors: Weights): Value {
  const centers = new Float32Array(SSD_BOXES * 2);
  const sizes = new Float32Array(SSD_BOXES * 2);
  for (let i = 0; i < SSD_BOXES * 2; i++) {
    const from = anchors.data[(i >> 1) * 4 + (i & 1)]!;
    const to = anchors.data[(i >> 1) * 4 + (i & 1) + 2]!;
    sizes[i] = to - from;
    centers[i] = from + (to - from) / 2;
  }
  const pair = [SSD_BOXES, 2];
  const scaled = (columns: Value, by: number): Value =>
    graph.apply("Mul", [columns, scalar(graph, by)], pair);
  const columns = (from: number): Value =>
    graph.apply("Slice", [encodings, index(graph, from), index(graph, from + 2), index(graph, 1)], pair);

  const size = graph.constant(pair, sizes);
  const moved = graph.apply("Mul", [scaled(columns(0), 0.1), size], pair);
  const center = graph.add(moved, graph.constant(pair, centers));
  const stretch = graph.apply("Exp", [scaled(columns(2), 0.2)], pair);
  const half = scaled(graph.apply("Mul", [stretch, size], pair), 0.5);
  const corners = [graph.apply("Sub", [center, half], pair), graph.add(center, half)];
  return graph.apply("Concat", corners, [SSD_BOXES, 4], { axis: { int: 1 } });
}

const index = (graph: GraphBuilder, value: number): Value =>
  graph.constant([1], BigInt64Array.of(BigInt(value)));
