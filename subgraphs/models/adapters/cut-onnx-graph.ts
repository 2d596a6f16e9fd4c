/**
 * Cuts an ONNX model down to what some of its tensors need: these become its outputs, and what does not lead to them is left out, with the
 * time and the memory that it takes. (The runtime computes every node of a graph, whichever outputs are asked for.)
 *
 * An ONNX file is one Protocol Buffers message (onnx.proto3). Of its fields only those named here are looked into; the others stay as they are.
 */

/** Field numbers of onnx.proto3: of ModelProto, GraphProto, NodeProto, AttributeProto, ValueInfoProto and TensorProto. */
const MODEL = { graph: 7 } as const
const GRAPH = { node: 1, initializer: 5, output: 12 } as const
const NODE = { input: 1, output: 2, attribute: 5 } as const
const ATTRIBUTE = { graph: 6, graphs: 11 } as const
const VALUE_INFO = { name: 1 } as const
const TENSOR = { name: 8 } as const

interface Field {
  number: number
  /** As it stands in the message: key, length, content. */
  whole: Uint8Array
  /** Empty unless it is length-delimited. */
  content: Uint8Array
}

interface GraphNode {
  field: Field
  inputs: readonly string[]
  outputs: readonly string[]
}

/**
 * @param names of tensors that the graph computes
 * @returns the model with these as its only outputs
 * @throws RangeError when the graph computes no such tensor, when a node holds a graph of its own (If, Loop, Scan), or when it is no such message
 */
export function withOnlyOutputs(model: Uint8Array, names: readonly string[]): Uint8Array {
  const fields = fieldsOf(model).flatMap(({ number, whole, content }) =>
    number === MODEL.graph ? lengthDelimited(MODEL.graph, cutGraph(content, names)) : [whole],
  )
  return Buffer.concat(fields)
}

/** In pieces, since most of them are weights that are not copied before the whole is. */
function cutGraph(graph: Uint8Array, names: readonly string[]): Uint8Array[] {
  const fields = fieldsOf(graph)
  const nodes = fields.filter(({ number }) => number === GRAPH.node).map(readNode)
  const needed = neededTensors(nodes, names)
  const kept = new Set(
    nodes.filter(({ outputs }) => outputs.some((name) => needed.has(name))).map((node) => node.field),
  )
  const isKept = (field: Field): boolean => {
    if (field.number === GRAPH.node) return kept.has(field)
    if (field.number === GRAPH.initializer) return textsOf(field.content, TENSOR.name).some((name) => needed.has(name))
    return field.number !== GRAPH.output
  }
  const outputs = names.flatMap((name) =>
    lengthDelimited(GRAPH.output, lengthDelimited(VALUE_INFO.name, [Buffer.from(name)])),
  )
  return [...fields.filter(isKept).map(({ whole }) => whole), ...outputs]
}

function readNode(field: Field): GraphNode {
  const holdsGraph = fieldsOf(field.content)
    .filter(({ number }) => number === NODE.attribute)
    .flatMap(({ content }) => fieldsOf(content))
    .some(({ number }) => number === ATTRIBUTE.graph || number === ATTRIBUTE.graphs)
  if (holdsGraph) throw new RangeError('A graph whose nodes hold graphs of their own cannot be cut.')
  return { field, inputs: textsOf(field.content, NODE.input), outputs: textsOf(field.content, NODE.output) }
}

/** The named ones, and all that they are computed from. */
function neededTensors(nodes: readonly GraphNode[], names: readonly string[]): ReadonlySet<string> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const unknown = names.find((name) => !makers.has(name))
  if (unknown !== undefined) throw new RangeError(`The graph computes no tensor "${unknown}".`)
  const needed = new Set<string>()
  const open = [...names]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (needed.has(name)) continue
    needed.add(name)
    open.push(...(makers.get(name)?.inputs ?? []))
  }
  return needed
}

const textsOf = (message: Uint8Array, wanted: number): string[] =>
  fieldsOf(message)
    .filter(({ number }) => number === wanted)
    .map(({ content }) => Buffer.from(content).toString())

/** What follows a key, by its last three bits (protobuf.dev, Encoding). */
const WIRE_TYPE = { varint: 0, eightBytes: 1, lengthDelimited: 2, fourBytes: 5 } as const

function fieldsOf(message: Uint8Array): Field[] {
  const fields: Field[] = []
  let place = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = message[place] ?? notWhole()
      place += 1
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  while (place < message.length) {
    const start = place
    const key = varint()
    const wireType = key % 8
    if (wireType === WIRE_TYPE.varint) varint()
    else if (wireType === WIRE_TYPE.eightBytes) place += 8
    else if (wireType === WIRE_TYPE.fourBytes) place += 4
    else if (wireType !== WIRE_TYPE.lengthDelimited) notWhole()
    const length = wireType === WIRE_TYPE.lengthDelimited ? varint() : 0
    const content = message.subarray(place, place + length)
    place += length
    if (place > message.length) notWhole()
    fields.push({ number: Math.floor(key / 8), whole: message.subarray(start, place), content })
  }
  return fields
}

function notWhole(): never {
  throw new RangeError('The file is not a whole ONNX model.')
}

/** Key, length as a base-128 varint, content. */
function lengthDelimited(number: number, content: readonly Uint8Array[]): Uint8Array[] {
  const head = [(number << 3) | WIRE_TYPE.lengthDelimited]
  let rest = content.reduce((sum, { length }) => sum + length, 0)
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80)
  head.push(rest)
  return [Uint8Array.from(head), ...content]
}
