// What the graph knows: named things, where a document mentions them, and which are mentioned together.
// Everything is a contribution of one document, so removing the document removes exactly what only it brought.

/**
 * The closed set of types. PERSON, ORGANIZATION and PLACE are what the name typer recognises; a proper name it does not
 * recognise (a product, a work, an event, a code name) stays a NAME instead of being guessed.
 */
export const entityTypes = ['PERSON', 'ORGANIZATION', 'PLACE', 'NAME', 'DATE', 'EMAIL', 'URL'] as const
export type EntityType = (typeof entityTypes)[number]

/** Where a text says something: UTF-16 code units into Document.text, end exclusive. */
export interface Span {
  startOffset: number
  endOffset: number
}

/** What makes two mentions the same entity within one workspace and knowledge base. */
export interface EntityKey {
  type: EntityType
  normalizedName: string
}

/** One entity as one document shows it. */
export interface EntityContribution extends EntityKey {
  /** The surface form this document uses most. */
  name: string
  mentions: Span[]
}

/** Two entities that stand in the same sentences; source and target are indexes into the document's entities. */
export interface CoMentionContribution {
  sourceIndex: number
  targetIndex: number
  /** The sentences that hold both, in document order; their number is the weight. */
  sentences: Span[]
}

/** All that one document brings into the graph. Equal text gives equal contributions, in the same order. */
export interface DocumentContributions {
  entities: EntityContribution[]
  coMentions: CoMentionContribution[]
}
