/**
 * Writes ONNX files: the part of protobuf (https://protobuf.dev/programming-guides/encoding/) and of
 * `onnx.proto3` (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3) that a graph of convolutions needs.
 * A protobuf message is a run of fields, each a tag (field number, wire type) and a value; the field numbers
 * below are those of `onnx.proto3`.
 */

/** The operator set that every graph declares. */
const OPSET = 17;
/** The file format version that belongs to it. */
const IR_VERSION = 8;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Codes of `TensorProto.DataType`. */
const ELEMENT_TYPE = { float32: 1, int64: 7 } as const;

/** The value of a node's attribute. A number list is `ints`; a number is `int` or `float`. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] };

/** One operation. Inputs and outputs are names; every name is written once. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A constant of the graph: weights as `Float32Array`, shapes and indices as `BigInt64Array`, row-major. */
export interface OnnxConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** An input or output of the graph, `float32`. */
export interface OnnxPort {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A whole graph, nodes in an order in which they can run. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/** The graph as the bytes of an `.onnx` file (`ModelProto`). */
export function encodeOnnx(graph: OnnxGraph): Buffer {
  return Buffer.concat([
    varintField(1, IR_VERSION),
    textField(2, "doorbell"),
    messageField(7, [
      ...graph.nodes.map((node) => messageField(1, nodeFields(node))),
      textField(2, graph.name),
      ...graph.constants.map((constant) => messageField(5, constantFields(constant))),
      ...graph.inputs.map((port) => messageField(11, portFields(port))),
      ...graph.outputs.map((port) => messageField(12, portFields(port))),
    ]),
    messageField(8, [varintField(2, OPSET)]),
  ]);
}

/** `NodeProto` */
function nodeFields(node: OnnxNode): Buffer[] {
  return [
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(4, node.op),
    ...Object.entries(node.attributes).map(([name, value]) => messageField(5, attributeFields(name, value))),
  ];
}

/** `AttributeProto`; the last field is its type (1 float, 2 int, 7 ints). */
function attributeFields(name: string, value: Attribute): Buffer[] {
  if ("float" in value) return [textField(1, name), floatField(2, value.float), varintField(20, 1)];
  if ("int" in value) return [textField(1, name), varintField(3, value.int), varintField(20, 2)];
  return [textField(1, name), ...value.ints.map((item) => varintField(8, item)), varintField(20, 7)];
}

/** `TensorProto` with its numbers as raw little-endian bytes. */
function constantFields({ name, shape, data }: OnnxConstant): Buffer[] {
  const type = data instanceof Float32Array ? ELEMENT_TYPE.float32 : ELEMENT_TYPE.int64;
  return [
    ...shape.map((size) => varintField(1, size)),
    varintField(2, type),
    textField(8, name),
    bytesField(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ];
}

/** `ValueInfoProto` of a `float32` tensor of fixed shape. */
function portFields({ name, shape }: OnnxPort): Buffer[] {
  const dimensions = shape.map((size) => messageField(1, [varintField(1, size)]));
  const tensor = [varintField(1, ELEMENT_TYPE.float32), messageField(2, dimensions)];
  return [textField(1, name), messageField(2, [messageField(1, tensor)])];
}

/** Seven bits a byte, lowest first, the eighth says that more follow. @param value whole, not negative */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

const tag = (field: number, wireType: number): Buffer => varint(field * 8 + wireType);

const varintField = (field: number, value: number): Buffer =>
  Buffer.concat([tag(field, VARINT), varint(value)]);

const bytesField = (field: number, bytes: Buffer): Buffer =>
  Buffer.concat([tag(field, LENGTH_DELIMITED), varint(bytes.length), bytes]);

const textField = (field: number, text: string): Buffer => bytesField(field, Buffer.from(text));

const messageField = (field: number, fields: readonly Buffer[]): Buffer =>
  bytesField(field, Buffer.concat(fields));

function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, FIXED32), bytes]);
}
