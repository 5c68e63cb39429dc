import type { GraphBuilder, Value } from "./graph.ts";
import type { WeightLookup } from "./weights.ts";

/** A depthwise 3 x 3 convolution followed by a 1 x 1 one with a bias, as face-api's small nets use them. */
export function separableConvolution(
  graph: GraphBuilder,
  weights: WeightLookup,
  name: string,
  x: Value,
  stride: 1 | 2,
): Value {
  const depthwise = graph.convolve(x, {
    filters: weights(`${name}/depthwise_filter`),
    stride,
    depthwise: true,
  });
  return graph.convolve(depthwise, {
    filters: weights(`${name}/pointwise_filter`),
    bias: weights(`${name}/bias`).data,
  });
}
