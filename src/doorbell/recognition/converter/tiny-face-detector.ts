import { graphBuilder, type Value } from "./graph.ts";
import type { OnnxGraph } from "./onnx.ts";
import { separableConvolution } from "./separable.ts";
import type { WeightLookup } from "./weights.ts";

/** Side of the input, px: the picture, RGB, `(value - mean) / 255`. */
export const TINY_SIDE = 416;
/** Cells a side of the output: five poolings halve the side. */
export const TINY_CELLS = 13;

/**
 * A small YOLO v2 with separable convolutions (Vincent Mühler, face-api.js): output `cells`,
 * 1 x 25 x 13 x 13, where channel `5 * anchor + k` is x, y, width, height, score for k = 0 to 4.
 */
export function tinyFaceDetectorGraph(weights: WeightLookup): OnnxGraph {
  const graph = graphBuilder("tiny_face_detector");
  const leaky = (x: Value): Value => graph.apply("LeakyRelu", [x], x.shape, { alpha: { float: 0.1 } });

  const picture = graph.input(3, TINY_SIDE);
  const filters = weights("conv0/filters");
  let x = leaky(graph.convolve(picture, { filters, bias: weights("conv0/bias").data, padding: "valid" }));
  for (const layer of ["conv1", "conv2", "conv3", "conv4", "conv5"]) {
    x = graph.pool("MaxPool", x, 2, 2, "same");
    x = leaky(separableConvolution(graph, weights, layer, x, 1));
  }
  x = graph.pool("MaxPool", x, 2, 1, "same");
  const head = { filters: weights("conv8/filters"), bias: weights("conv8/bias").data };
  graph.output("cells", graph.convolve(x, head));
  return graph.build();
}
