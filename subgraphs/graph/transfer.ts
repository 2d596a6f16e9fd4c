// What graph brings along when a workspace moves: what each document contributed. Entities and relationships are computed from that again, by
// whichever store they come to. What was deleted stays behind: its ids are never used again.
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { readConfiguration } from '#shared/configuration.ts'
import { TributaryError } from '#shared/errors.ts'
import type {
  ImportTarget,
  ReadOptions,
  SubgraphTransfer,
  TransferPlatform,
  TransferredKind,
} from '../../contracts/workspace-archive.ts'
import { openGraphStore } from './adapters/open-graph-store.ts'
import { configSchema, neo4jOptions } from './config.ts'
import { entityTypes } from './domain/entity.ts'
import { relationshipTypes } from './domain/graph-records.ts'
import { entityId, relationshipId } from './graph-ids.ts'
import type { GraphStore, StoredContributions } from './ports/graph-store.ts'

export async function openGraphTransfer({ database, environment }: TransferPlatform): Promise<SubgraphTransfer> {
  await database.migrate({ schema: 'graph', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const neo4j = neo4jOptions(readConfiguration(configSchema, environment))
  const store = await openGraphStore({ database, neo4j })
  return {
    subgraph: 'graph',
    kinds: [contributionsKind(store)],
    // A document is READY when graph has its part, which then stays as it is for as long as the document does.
    changesWith: 'knowledge',
    unfinished: async () => [],
    contents: async () => [],
    fingerprint: async () => '',
    close: () => store.close(),
  }
}

const mentionsSchema = z.array(
  z.strictObject({
    startOffset: z.int(),
    endOffset: z.int(),
    page: z.int().nullable(),
    chunkId: z.string().nullable(),
  }),
)

const contributionsSchema = z.strictObject({
  knowledgeBaseId: z.string(),
  documentId: z.string(),
  entities: z.array(
    z.strictObject({
      id: z.string(),
      type: z.enum(entityTypes),
      normalizedName: z.string(),
      name: z.string(),
      mentions: mentionsSchema,
    }),
  ),
  relationships: z.array(
    z.strictObject({
      id: z.string(),
      type: z.enum(relationshipTypes),
      sourceId: z.string(),
      targetId: z.string(),
      mentions: mentionsSchema,
    }),
  ),
}) satisfies z.ZodType<StoredContributions>

function contributionsKind(store: GraphStore): TransferredKind {
  async function* read(workspaceId: string, { after, documents, signal }: ReadOptions) {
    let isBehind = after === null
    for await (const { id, knowledgeBaseId } of documents()) {
      signal.throwIfAborted()
      if (isBehind) {
        const record = await store.readDocument(workspaceId, knowledgeBaseId, id, signal)
        if (record.entities.length > 0) yield { position: [id], record }
      }
      isBehind ||= id === after?.[0]
    }
  }

  return {
    kind: 'contributions',
    count: null,
    read,
    async write(target, records, signal) {
      for (const record of records) {
        signal.throwIfAborted()
        const contributions = relocate(contributionsSchema.parse(record), target)
        if ((await store.replaceDocument(target.workspaceId, contributions, signal)) === 'deleted')
          throw new TributaryError(
            'IMPORT_CONFLICT',
            `The document ${contributions.documentId} was deleted in this workspace before, and what was deleted does not come back. Import into another installation.`,
          )
      }
    },
  }
}

/** Ids are made of the workspace and the name: the next document that names the same must find the same. */
function relocate(contributions: StoredContributions, { workspaceId }: ImportTarget): StoredContributions {
  const { knowledgeBaseId } = contributions
  const entities = contributions.entities.map((entity) => ({
    ...entity,
    id: entityId(workspaceId, knowledgeBaseId, entity) as string,
  }))
  const newIds = new Map(contributions.entities.map(({ id }, index) => [id, entities[index]!.id]))
  const relationships = contributions.relationships.map((relationship) => {
    const sourceId = newIds.get(relationship.sourceId)
    const targetId = newIds.get(relationship.targetId)
    if (sourceId === undefined || targetId === undefined)
      throw new TributaryError(
        'ARCHIVE_DAMAGED',
        `The archive relates entities that the document ${contributions.documentId} does not name.`,
      )
    return { ...relationship, id: relationshipId(relationship.type, sourceId, targetId), sourceId, targetId }
  })
  return { ...contributions, entities, relationships }
}
