// What the tests of the doctor on vector stores have in common: what it is asked, and a document to be stored.
import type { VectorStore } from '../../subgraphs/knowledge/ports/vector-store.ts'
import { examine, type Examined } from './doctor.fixture.ts'

export const examineVectorStore = (environment: NodeJS.ProcessEnv): Promise<Examined> =>
  examine({ TRIBUTARY_IDENTITY_KEY: 'k'.repeat(32), ...environment }, '--role', 'knowledge-worker')

/** One chunk with a vector of that length, one without. */
export async function storeDocument(store: VectorStore, modelName: string, dimensions: number): Promise<void> {
  const vector = Float32Array.from({ length: dimensions }, (_, index) => (index === 0 ? 1 : 0))
  const chunks = [
    { id: 'chunk_1', text: 'walrus', vector },
    { id: 'chunk_2', text: 'gull', vector: null },
  ]
  const place = { workspaceId: 'ws_1', knowledgeBaseId: 'kb_1', documentId: 'doc_1' }
  await store.upsert(place, { modelName, dimensions }, chunks, AbortSignal.timeout(60_000))
}
