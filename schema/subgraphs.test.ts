import { expect, test } from 'vitest'
import { subgraphUrlVariable, subgraphUrlVariables } from '../contracts/platform.ts'
import { defaultRoutingUrls, subgraphNames } from './subgraphs.ts'

test.each(subgraphNames)('the supergraph looks for %s where it listens by default', (name) => {
  expect(subgraphUrlVariables[subgraphUrlVariable(name)].parse(undefined)).toBe(defaultRoutingUrls[name])
})
