// A graph as documents contribute it, the same for the same seed: each relates entities pairwise, some of them much more often than others, and names
// the ends of all its relationships.
import seedrandom from 'seedrandom'
import { deterministicId } from '#shared/ids.ts'
import type { StoredContributions } from '../../../subgraphs/graph/ports/graph-store.ts'

export interface RelationshipGraphOptions {
  seed: string
  workspaceId: string
  knowledgeBaseId: string
  entityCount: number
  /** At most a tenth of all pairs. */
  relationshipCount: number
  relationshipsPerDocument: number
}

export interface RelationshipGraph {
  documents: StoredContributions[]
  /** Of the ends of relationships, each as often as it is one. */
  endIds: string[]
}

/** Most sentences that show one relationship in one document: its weight. */
const SENTENCES = 3
const SENTENCE_CHARACTERS = 200

export function createRelationshipGraph(options: RelationshipGraphOptions): RelationshipGraph {
  const { seed, workspaceId, knowledgeBaseId, entityCount, relationshipCount, relationshipsPerDocument } = options
  if (relationshipCount > (entityCount * (entityCount - 1)) / 20)
    throw new Error(`${entityCount} entities have too few pairs for ${relationshipCount} relationships.`)
  const random = seedrandom(seed)
  const idOf = (number: number) => deterministicId('ent', workspaceId, knowledgeBaseId, String(number))
  const ids = Array.from({ length: entityCount }, (_, number) => idOf(number))
  const numbers = new Map<string, number>(ids.map((id, number) => [id, number]))
  // Every entity is an end once, as far as the relationships reach; the other end is one of the often named.
  const often = () => ids[Math.floor(entityCount * random() ** 2)]!
  const pairs = new Map<string, [source: string, target: string]>()
  for (let drawn = 0; pairs.size < relationshipCount; drawn += 1) {
    const pair = [ids[drawn % entityCount]!, often()].toSorted() as [string, string]
    if (pair[0] !== pair[1]) pairs.set(pair.join(' '), pair)
  }
  const shuffled = [...pairs.values()]
    .map((pair) => ({ pair, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ pair }) => pair)
  const documents = Array.from({ length: Math.ceil(relationshipCount / relationshipsPerDocument) }, (_, index) => {
    const own = shuffled.slice(index * relationshipsPerDocument, (index + 1) * relationshipsPerDocument)
    let offset = 0
    const sentence = (length: number) => {
      offset += SENTENCE_CHARACTERS
      return { startOffset: offset, endOffset: offset + length, page: 1 + Math.floor(offset / 3000), chunkId: null }
    }
    return {
      knowledgeBaseId,
      documentId: deterministicId('doc', workspaceId, knowledgeBaseId, String(index)),
      entities: [...new Set(own.flat())].map((id) => {
        const number = numbers.get(id)!
        return {
          id,
          type: number % 4 === 0 ? ('ORGANIZATION' as const) : ('PERSON' as const),
          normalizedName: `name ${number}`,
          name: `Name ${number}`,
          mentions: [sentence(10)],
        }
      }),
      relationships: own.map(([sourceId, targetId]) => ({
        id: deterministicId('rel', workspaceId, sourceId, targetId),
        type: 'CO_MENTIONED' as const,
        sourceId,
        targetId,
        mentions: Array.from({ length: 1 + Math.floor(random() * SENTENCES) }, () => sentence(100)),
      })),
    }
  })
  return { documents, endIds: shuffled.flat() }
}
