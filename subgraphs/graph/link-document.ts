// LINK: finds what a document names and puts it into the graph in place of what it contributed before. Running it again, or half a
// run before, makes no difference.
import type { DocumentContributions, Span } from './domain/entity.ts'
import type { ExtractDocument, TextBlock } from './domain/extract-contributions.ts'
import { spanAt } from './domain/locate.ts'
import type { MentionPlace } from './domain/graph-records.ts'
import { entityId, relationshipId } from './graph-ids.ts'
import type { GraphStore, StoredContributions } from './ports/graph-store.ts'

export interface LinkableDocument {
  workspaceId: string
  knowledgeBaseId: string
  documentId: string
  /** Document.text. */
  text: string
  blocks: (TextBlock & { page?: number | undefined })[]
  /** In the order of their start. */
  chunks: (Span & { id: string })[]
}

export interface LinkResult {
  /** `deleted`: the document went meanwhile; nothing was stored. */
  outcome: 'replaced' | 'deleted'
  entityCount: number
  mentionCount: number
  relationshipCount: number
}

export type LinkDocument = (document: LinkableDocument, signal: AbortSignal) => Promise<LinkResult>

export function createLinkDocument(options: { extract: ExtractDocument; store: GraphStore }): LinkDocument {
  return async (document, signal) => {
    const { text, blocks } = document
    const found = await options.extract({ text, blocks }, signal)
    const outcome = await options.store.replaceDocument(document.workspaceId, toStored(document, found), signal)
    return {
      outcome,
      entityCount: found.entities.length,
      mentionCount: found.entities.reduce((sum, entity) => sum + entity.mentions.length, 0),
      relationshipCount: found.coMentions.length,
    }
  }
}

function toStored(document: LinkableDocument, { entities, coMentions }: DocumentContributions): StoredContributions {
  const { workspaceId, knowledgeBaseId, documentId, blocks, chunks } = document
  const place = ({ startOffset, endOffset }: Span): MentionPlace => ({
    startOffset,
    endOffset,
    page: spanAt(blocks, startOffset)?.page ?? null,
    chunkId: spanAt(chunks, startOffset)?.id ?? null,
  })
  const ids = entities.map((entity) => entityId(workspaceId, knowledgeBaseId, entity))
  return {
    knowledgeBaseId,
    documentId,
    entities: entities.map((entity, index) => ({
      id: ids[index] as string,
      type: entity.type,
      normalizedName: entity.normalizedName,
      name: entity.name,
      mentions: entity.mentions.map(place),
    })),
    relationships: coMentions.map(({ sourceIndex, targetIndex, sentences }) => {
      const [sourceId, targetId] = [ids[sourceIndex] as string, ids[targetIndex] as string]
      return {
        id: relationshipId('CO_MENTIONED', sourceId, targetId),
        type: 'CO_MENTIONED',
        sourceId,
        targetId,
        mentions: sentences.map(place),
      }
    }),
  }
}
