// What the resolvers of graph are given: loaders that live for one operation.
import type { GraphContext } from '../../contracts/graph-context.ts'
import type { Loaders } from './loaders.ts'

export interface Context extends GraphContext {
  loaders: Loaders
}
