/**
 * Makes inner tensors of an ONNX graph readable. An ONNX file is one Protocol Buffers message, and of two serialized messages written one
 * after the other a parser reads the merge (protobuf.dev, Encoding, "Last One Wins"): a graph that has nothing but further outputs, appended
 * to the file, adds them to those it has. Nothing is computed that was not computed before.
 */

/** Field numbers of onnx.proto3: ModelProto.graph, GraphProto.output, ValueInfoProto.name. */
const GRAPH = 7
const OUTPUT = 12
const NAME = 1

/** @param names of tensors in the graph @returns the model with these as outputs too */
export function withOutputs(model: Uint8Array, names: readonly string[]): Uint8Array {
  const additions = names.map((name) => field(GRAPH, field(OUTPUT, field(NAME, Buffer.from(name)))))
  return Buffer.concat([model, ...additions])
}

/** A length-delimited field: key, length as a base-128 varint, content. */
function field(number: number, content: Uint8Array): Buffer {
  const lengths: number[] = []
  let rest = content.length
  do {
    lengths.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>>= 7
  } while (rest > 0)
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...lengths]), content])
}
