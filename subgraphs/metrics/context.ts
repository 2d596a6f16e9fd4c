// What the resolvers of metrics are given: the use cases, and loaders that live for one operation.
import type { GraphContext } from '../../contracts/graph-context.ts'
import type { Loaders } from './loaders.ts'
import type { ReadUsage } from './read-usage.ts'

export interface Context extends GraphContext {
  readUsage: ReadUsage
  loaders: Loaders
}
