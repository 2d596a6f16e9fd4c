// What the resolvers of models are given: the use cases, and loaders that live for one operation.
import type { StreamingContext } from '../../contracts/graph-context.ts'
import type { Generations } from './generations.ts'
import type { Loaders } from './loaders.ts'
import type { ModelCatalogue } from './model-catalogue.ts'

export interface Context extends StreamingContext {
  catalogue: ModelCatalogue
  generations: Generations
  loaders: Loaders
}
