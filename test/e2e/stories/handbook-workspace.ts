// A workspace with one of everything: the handbook ingested and asked, a model used, an upload announced.
import type { NodePrefix } from '../../../contracts/node-types.ts'
import { HANDBOOK_QUESTIONS, readHandbook } from '../../fixtures/handbook/handbook.ts'
import type { TestClient } from '../../harness/client.ts'
import { waitForModels, type NeededCapability } from '../../harness/models.ts'

export interface HandbookWorkspace {
  models: ReadonlyMap<NeededCapability, string>
  workspaceId: string
  apiKeyId: string
  /** Null where no model could be had. */
  modelId: string | null
  modelHostId: string | null
  generationId: string | null
  knowledgeBaseId: string
  documentId: string
  chunkId: string
  answerId: string
  uploadId: string
  jobId: string
  itemId: string
  entityId: string
  relationshipId: string
}

const EVERYTHING = `query ($id: ID!) {
  viewer { workspace { id } } apiKeys { id } modelHosts { id } models { nodes { id } }
  knowledgeBase(id: $id) { documents { nodes { id chunks { nodes { id } } } } entities { nodes { id relationships { nodes { id } } } } }
}`

/** One id of each type of node, by its prefix; null where no model could be had. */
export const idsByPrefix = (workspace: HandbookWorkspace): Record<NodePrefix, string | null> => ({
  ws: workspace.workspaceId,
  key: workspace.apiKeyId,
  model: workspace.modelId,
  host: workspace.modelHostId,
  gen: workspace.generationId,
  kb: workspace.knowledgeBaseId,
  doc: workspace.documentId,
  chunk: workspace.chunkId,
  ans: workspace.answerId,
  up: workspace.uploadId,
  job: workspace.jobId,
  item: workspace.itemId,
  ent: workspace.entityId,
  rel: workspace.relationshipId,
})

/** Models and their hosts belong to the installation: every workspace sees the same. */
export const SHARED_PREFIXES: readonly NodePrefix[] = ['model', 'host']

export async function fillWorkspace(client: TestClient): Promise<HandbookWorkspace> {
  const models = await waitForModels(client)
  const knowledgeBaseId = await client.createKnowledgeBase('Handbook')
  const job = await client.ingest({ knowledgeBaseId, files: readHandbook() })
  if (job.status !== 'SUCCEEDED') throw new Error(JSON.stringify(job, null, 2))
  const { answer } = await client.ask({
    question: HANDBOOK_QUESTIONS[0].question,
    knowledgeBaseIds: [knowledgeBaseId],
    mode: 'EXTRACTIVE',
  })
  const generationId = models.has('CHAT') ? await generate(client) : null
  const { uploadCreate } = await client.query(
    'mutation { uploadCreate(input: { fileName: "later.txt", sizeBytes: 10 }) { upload { id } } }',
  )
  const found = await client.query(EVERYTHING, { id: knowledgeBaseId })
  const entity = found.knowledgeBase.entities.nodes.find((node: any) => node.relationships.nodes.length > 0)
  const document = found.knowledgeBase.documents.nodes[0]
  return {
    models,
    workspaceId: found.viewer.workspace.id,
    apiKeyId: found.apiKeys[0].id,
    modelId: found.models.nodes[0]?.id ?? null,
    modelHostId: found.modelHosts[0]?.id ?? null,
    generationId,
    knowledgeBaseId,
    documentId: document.id,
    chunkId: document.chunks.nodes[0].id,
    answerId: answer.id,
    uploadId: uploadCreate.upload.id,
    jobId: job.id,
    itemId: job.items.nodes[0].id,
    entityId: entity.id,
    relationshipId: entity.relationships.nodes[0].id,
  }
}

async function generate(client: TestClient): Promise<string> {
  const events = client.subscribe(
    'subscription { generationStream(input: { messages: [{ role: USER, content: "Say hello." }], maxTokens: 4 }) { ... on GenerationStarted { generation { id } } } }',
  )
  let id: string | undefined
  for await (const { data, errors } of events) {
    if (errors) throw new Error(JSON.stringify(errors))
    id ??= data.generationStream.generation?.id
  }
  if (id === undefined) throw new Error('The generation never said that it started.')
  return id
}
