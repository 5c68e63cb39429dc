import type { Attribute, OnnxConstant, OnnxGraph, OnnxNode } from "./onnx.ts";
import type { Weights } from "./weights.ts";

/** A tensor inside the graph. Pictures and feature maps have the shape 1, channels, height, width. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

/** TensorFlow's two kinds of padding: none, or as much as makes the output `ceil(input / stride)` wide. */
export type Padding = "valid" | "same";

/** A convolution in TensorFlow's terms. */
export interface Convolution {
  /** height, width, channels in, channels out; for `depthwise`: height, width, channels, 1. */
  readonly filters: Weights;
  /** One number an output channel. Default none. */
  readonly bias?: Float32Array;
  /** Default 1. */
  readonly stride?: number;
  /** Default `same`. */
  readonly padding?: Padding;
  /** One filter a channel. Default false. */
  readonly depthwise?: boolean;
}

/** Collects a graph operation by operation and keeps count of shapes. */
export interface GraphBuilder {
  /** The net's one input: `float32`, 1 x channels x side x side. */
  input(channels: number, side: number): Value;
  constant(shape: readonly number[], data: Float32Array | BigInt64Array): Value;
  /** Any operation with one output, of which the caller knows the shape. */
  apply(
    op: string,
    inputs: readonly Value[],
    shape: readonly number[],
    attributes?: Record<string, Attribute>,
  ): Value;
  convolve(x: Value, convolution: Convolution): Value;
  pool(kind: "MaxPool" | "AveragePool", x: Value, size: number, stride: number, padding: Padding): Value;
  /** Sum of two or more values of the same shape. */
  add(first: Value, ...others: readonly Value[]): Value;
  relu(x: Value): Value;
  /** Adds zeros behind the last channel, row and column. */
  padZero(x: Value, channels: number, rows: number, columns: number): Value;
  /** Makes a value an output of the graph under a name of its own. */
  output(name: string, value: Value): void;
  build(): OnnxGraph;
}

/** Creates an empty graph. @param name for people who open the file in a viewer */
export function graphBuilder(name: string): GraphBuilder {
  const nodes: OnnxNode[] = [];
  const constants: OnnxConstant[] = [];
  const inputs: Value[] = [];
  const outputs: Value[] = [];
  let count = 0;

  const fresh = (shape: readonly number[]): Value => ({ name: `v${count++}`, shape });

  const builder: GraphBuilder = {
    input(channels, side) {
      const value = { name: "input", shape: [1, channels, side, side] };
      inputs.push(value);
      return value;
    },
    constant(shape, data) {
      const value = fresh(shape);
      constants.push({ name: value.name, shape, data });
      return value;
    },
    apply(op, operands, shape, attributes = {}) {
      const value = fresh(shape);
      nodes.push({ op, inputs: operands.map((operand) => operand.name), outputs: [value.name], attributes });
      return value;
    },
    convolve(x, { filters, bias, stride = 1, padding = "same", depthwise = false }) {
      const [size = 1] = filters.shape;
      const weights = depthwise ? channelFirst(filters) : outputFirst(filters);
      const channels = weights.shape[0]!;
      const operands = [x, builder.constant(weights.shape, weights.data)];
      if (bias) operands.push(builder.constant([channels], bias));
      const window = slide(x, size, stride, padding);
      return builder.apply("Conv", operands, [1, channels, ...window.sides], {
        ...window.attributes,
        group: { int: depthwise ? channels : 1 },
      });
    },
    pool(kind, x, size, stride, padding) {
      const window = slide(x, size, stride, padding);
      return builder.apply(kind, [x], [1, x.shape[1]!, ...window.sides], window.attributes);
    },
    add: (first, ...others) =>
      others.reduce((sum, other) => builder.apply("Add", [sum, other], sum.shape), first),
    relu: (x) => builder.apply("Relu", [x], x.shape),
    padZero(x, channels, rows, columns) {
      const after = [0, channels, rows, columns];
      const pads = builder.constant([8], BigInt64Array.from([0, 0, 0, 0, ...after].map(BigInt)));
      return builder.apply(
        "Pad",
        [x, pads],
        x.shape.map((size, axis) => size + after[axis]!),
      );
    },
    output(outputName, value) {
      nodes.push({ op: "Identity", inputs: [value.name], outputs: [outputName], attributes: {} });
      outputs.push({ name: outputName, shape: value.shape });
    },
    build: () => ({ name, nodes, constants, inputs, outputs }),
  };
  return builder;
}

/** Attributes and output sides of a square window moved over the picture; TensorFlow puts odd padding behind. */
function slide(x: Value, size: number, stride: number, padding: Padding) {
  const pads = x.shape.slice(2).map((side) => {
    if (padding === "valid") return { before: 0, after: 0 };
    const total = Math.max(0, (Math.ceil(side / stride) - 1) * stride + size - side);
    return { before: Math.floor(total / 2), after: Math.ceil(total / 2) };
  });
  const sides = x.shape.slice(2).map((side, axis) => {
    const { before, after } = pads[axis]!;
    return Math.floor((side + before + after - size) / stride) + 1;
  });
  const attributes: Record<string, Attribute> = {
    kernel_shape: { ints: [size, size] },
    strides: { ints: [stride, stride] },
    pads: { ints: [...pads.map((pad) => pad.before), ...pads.map((pad) => pad.after)] },
  };
  return { sides, attributes };
}

/** Height, width, in, out to out, in, height, width. */
function outputFirst({ shape, data }: Weights): Weights {
  const [height = 1, width = 1, channelsIn = 1, channelsOut = 1] = shape;
  const turned = new Float32Array(data.length);
  const area = height * width;
  let source = 0;
  for (let place = 0; place < area; place++) {
    for (let i = 0; i < channelsIn; i++) {
      for (let o = 0; o < channelsOut; o++) turned[(o * channelsIn + i) * area + place] = data[source++]!;
    }
  }
  return { shape: [channelsOut, channelsIn, height, width], data: turned };
}

/** Height, width, channels, 1 to channels, 1, height, width. */
function channelFirst({ shape, data }: Weights): Weights {
  const [height = 1, width = 1, channels = 1] = shape;
  return outputFirst({ shape: [height, width, 1, channels], data });
}
