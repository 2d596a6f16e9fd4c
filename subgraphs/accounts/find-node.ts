// `node(id)`: the prefix says which subgraph owns the id, and the owner is asked, with the caller's identity, whether the caller may see it.
// Without that question a foreign or deleted id would answer with a type name and look as if it existed.
import { z } from 'zod'
import { idPrefix } from '#shared/ids.ts'
import type { Identity, IdentitySigner } from '../../contracts/identity.ts'
import { internalJson } from '../../contracts/internal-request.ts'
import { NODE_TYPES, type NodeTypeName, type SubgraphName } from '../../contracts/node-types.ts'

export interface FoundNode {
  __typename: NodeTypeName
  id: string
}

export type FindNode = (identity: Identity, id: string, signal: AbortSignal) => Promise<FoundNode | null>

const EXISTS =
  'query NodeExists($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }'
const answerSchema = z.object({
  data: z.object({ _entities: z.array(z.object({ __typename: z.string() }).nullable()) }).nullish(),
})

export interface CreateFindNodeOptions {
  signer: IdentitySigner
  originOf: (name: SubgraphName) => string
  /** Whether an entity of accounts itself exists for the caller. */
  existsHere: (identity: Identity, typeName: NodeTypeName, id: string) => Promise<boolean>
}

export function createFindNode(options: CreateFindNodeOptions): FindNode {
  return async (identity, id, signal) => {
    const prefix = idPrefix(id)
    if (prefix === null || !(prefix in NODE_TYPES)) return null
    const { typeName, owner } = NODE_TYPES[prefix as keyof typeof NODE_TYPES]
    const found = { __typename: typeName, id }
    if (owner === 'accounts') return (await options.existsHere(identity, typeName, id)) ? found : null
    const answer = await internalJson(
      {
        url: `${options.originOf(owner)}/graphql`,
        token: await options.signer.sign(identity),
        body: { query: EXISTS, variables: { representations: [{ __typename: typeName, id }] } },
        signal,
        timeoutMs: 10_000,
        target: owner,
      },
      answerSchema,
    )
    return answer.data?._entities[0] ? found : null
  }
}
