import { describe, expect, test } from 'vitest'
import { withOnlyOutputs } from './cut-onnx-graph.ts'

/** Length-delimited: `[field number, content]`. A varint: `[field number, value]`. Texts are written as UTF-8. */
type Written = readonly [number, string | number | Buffer | readonly Written[]]

function write(fields: readonly Written[]): Buffer {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'number') return Buffer.from([number << 3, value])
      const content = typeof value === 'string' ? Buffer.from(value) : Buffer.isBuffer(value) ? value : write(value)
      const length = content.length < 128 ? [content.length] : [(content.length & 0x7f) | 0x80, content.length >> 7]
      return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content])
    }),
  )
}

const node = (inputs: readonly string[], outputs: readonly string[], rest: readonly Written[] = []): Written => [
  1,
  [...inputs.map((name): Written => [1, name]), ...outputs.map((name): Written => [2, name]), [4, 'Add'], ...rest],
]
const weights = (name: string): Written => [
  5,
  [
    [8, name],
    [9, `${name} `.repeat(40)],
  ],
]
const model = (graph: readonly Written[]): Buffer =>
  write([
    [1, 8],
    [7, graph],
    [2, 'exporter'],
  ])

describe('cutting an ONNX graph', () => {
  const graph: readonly Written[] = [
    node(['x', 'a'], ['inner', 'other']),
    [2, 'the name of the graph'],
    node(['inner', 'b'], ['last']),
    weights('a'),
    weights('b'),
    [11, [[1, 'x']]],
    [12, [[1, 'last']]],
  ]

  test('keeps what an inner tensor needs, with its weights, and makes it the only output', () => {
    expect(withOnlyOutputs(model(graph), ['inner'])).toEqual(
      model([graph[0]!, graph[1]!, graph[3]!, graph[5]!, [12, [[1, 'inner']]]]),
    )
  })

  test('keeps all that several tensors need, in the order it stood in', () => {
    expect(withOnlyOutputs(model(graph), ['last', 'other'])).toEqual(
      model([...graph.slice(0, -1), [12, [[1, 'last']]], [12, [[1, 'other']]]]),
    )
  })

  test('names a tensor that the graph does not compute', () => {
    expect(() => withOnlyOutputs(model(graph), ['missing'])).toThrow('The graph computes no tensor "missing".')
    expect(() => withOnlyOutputs(model(graph), ['x'])).toThrow('no tensor "x"')
  })

  test('refuses nodes that hold graphs: what those need is not seen', () => {
    const branch: Written = [
      5,
      [
        [1, 'then_branch'],
        [6, [[2, 'inner graph']]],
      ],
    ]
    expect(() => withOnlyOutputs(model([node(['x'], ['y'], [branch])]), ['y'])).toThrow('cannot be cut')
  })

  test.each([
    ['cut short', model(graph).subarray(0, -3)],
    ['a number without an end', Buffer.from([0x08, 0xff])],
    ['an unknown wire type', Buffer.from([0x0b, 0x01])],
  ])('%s: not a model', (_, bytes) => {
    expect(() => withOnlyOutputs(bytes, ['inner'])).toThrow('not a whole ONNX model')
  })
})
