// The embedded models without the platform around them. Vectors are kept in the user's cache, by text: a fit asks for the same again.
import { createOnnxRerankModel } from '../../../subgraphs/models/adapters/onnx-rerank-model.ts'
import type { HiddenReading } from '../../../subgraphs/models/adapters/onnx-worker.ts'
import { cachedModel } from '../../../subgraphs/models/model-files/cached-model.fixture.ts'
import { EMBEDDED_RERANK_MODEL } from '../../../subgraphs/models/model-files/manifest.ts'
import type { RerankPassage, RerankReading } from '../../../subgraphs/models/ports/rerank-model.ts'
import { openVectorCache } from '../corpus/vector-cache.ts'

export interface QuestionModels extends AsyncDisposable {
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>
  rerank(question: string, passages: readonly RerankPassage[]): Promise<readonly RerankReading[]>
  readHidden(question: string, passages: readonly RerankPassage[]): Promise<readonly HiddenReading[]>
}

export async function openQuestionModels({ withLogits = false } = {}): Promise<QuestionModels> {
  const found = await cachedModel(EMBEDDED_RERANK_MODEL)
  if ('missing' in found) throw new Error(found.missing)
  const { name, contextLength } = EMBEDDED_RERANK_MODEL
  const reranker = createOnnxRerankModel({ name, contextLength, directory: found.directory, withLogits })
  const vectors = await openVectorCache()
  const never = new AbortController().signal
  return {
    embed: (texts) => vectors.embed(texts),
    rerank: async (question, passages) => (await reranker.rerank(question, passages, never)).readings,
    readHidden: (question, passages) => reranker.readHidden(question, passages, never),
    async [Symbol.asyncDispose]() {
      await reranker[Symbol.asyncDispose]()
      await vectors[Symbol.asyncDispose]()
    },
  }
}
