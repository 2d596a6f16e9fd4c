import { expect, test } from 'vitest'
import { judgeReplicas } from './replicas.ts'

const factors = new Map([
  ['TributaryV1Texts', 3],
  ['TributaryV1Vectors0', 1],
])

test.each([
  [{ nodes: 1, factors: new Map<string, number>() }, 1, 'ok', 'each chunk on 1 of 1 node'],
  [{ nodes: 5, factors: new Map([['TributaryV1Texts', 3]]) }, 3, 'ok', 'each chunk on 3 of 5 nodes'],
  [{ nodes: 2, factors }, 3, 'failed', 'each chunk is to be on 3 nodes, and there are 2'],
  [{ nodes: 3, factors }, 3, 'warning', 'TributaryV1Vectors0 was made for 1, not for 3'],
  [{ nodes: 3, factors }, 1, 'warning', 'TributaryV1Texts was made for 3, not for 1'],
])('%o, and %i wanted: %s', (found, wanted, status, message) => {
  expect(judgeReplicas(found, wanted)).toMatchObject({ status, message })
})
