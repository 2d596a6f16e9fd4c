// Which entity type an id belongs to, and which subgraph owns it.
export const SUBGRAPH_NAMES = ['accounts', 'models', 'knowledge', 'ingestion', 'graph', 'metrics'] as const
export type SubgraphName = (typeof SUBGRAPH_NAMES)[number]

export const NODE_TYPES = {
  ws: { typeName: 'Workspace', owner: 'accounts' },
  key: { typeName: 'ApiKey', owner: 'accounts' },
  model: { typeName: 'Model', owner: 'models' },
  host: { typeName: 'ModelHost', owner: 'models' },
  gen: { typeName: 'Generation', owner: 'models' },
  kb: { typeName: 'KnowledgeBase', owner: 'knowledge' },
  doc: { typeName: 'Document', owner: 'knowledge' },
  chunk: { typeName: 'Chunk', owner: 'knowledge' },
  ans: { typeName: 'Answer', owner: 'knowledge' },
  up: { typeName: 'Upload', owner: 'ingestion' },
  job: { typeName: 'IngestionJob', owner: 'ingestion' },
  item: { typeName: 'IngestionItem', owner: 'ingestion' },
  ent: { typeName: 'Entity', owner: 'graph' },
  rel: { typeName: 'Relationship', owner: 'graph' },
} as const satisfies Record<string, { typeName: string; owner: SubgraphName }>

export type NodePrefix = keyof typeof NODE_TYPES
export type NodeTypeName = (typeof NODE_TYPES)[NodePrefix]['typeName']
