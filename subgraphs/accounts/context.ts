// What the resolvers of accounts are given: the use cases, and loaders that live for one operation.
import type { GraphContext } from '../../contracts/graph-context.ts'
import type { ApiKeys } from './api-keys.ts'
import type { FindNode } from './find-node.ts'
import type { Loaders } from './loaders.ts'

export interface Context extends GraphContext {
  apiKeys: ApiKeys
  findNode: FindNode
  loaders: Loaders
}
