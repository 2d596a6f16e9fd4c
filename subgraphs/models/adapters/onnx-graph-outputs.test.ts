import { expect, test } from 'vitest'
import { withOutputs } from './onnx-graph-outputs.ts'

test('appends one graph message an output, with its length in as many bytes as it takes', () => {
  const model = Uint8Array.from([1, 2, 3])
  expect([...withOutputs(model, ['ab'])]).toEqual([1, 2, 3, 0x3a, 6, 0x62, 4, 0x0a, 2, 0x61, 0x62])
  const long = 'x'.repeat(300)
  const written = withOutputs(model, [long, 'ab'])
  // 300 = 0b10_0101100, so 0xac 0x02; each level above adds its own key and length.
  expect([...written.subarray(3, 12)]).toEqual([0x3a, 0xb2, 0x02, 0x62, 0xaf, 0x02, 0x0a, 0xac, 0x02])
  expect(Buffer.from(written.subarray(12, 312)).toString()).toBe(long)
  expect(written).toHaveLength(3 + 309 + 8)
})

test('without names the model is as it was', () => {
  expect([...withOutputs(Uint8Array.from([1, 2]), [])]).toEqual([1, 2])
})
