// The embedded models without the platform around them. What they said is kept in the user's cache, by text: a fit asks the same again.
import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { createOnnxRerankModel } from '../../../subgraphs/models/adapters/onnx-rerank-model.ts'
import { cachedModel } from '../../../subgraphs/models/model-files/cached-model.fixture.ts'
import { EMBEDDED_RERANK_MODEL } from '../../../subgraphs/models/model-files/manifest.ts'
import { benchCache } from '../corpus/cache.ts'
import { openVectorCache } from '../corpus/vector-cache.ts'

export interface QuestionModels extends AsyncDisposable {
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>
  rerank(question: string, passages: readonly string[]): Promise<readonly number[]>
}

export async function openQuestionModels(): Promise<QuestionModels> {
  const found = await cachedModel(EMBEDDED_RERANK_MODEL)
  if ('missing' in found) throw new Error(found.missing)
  const { name, contextLength } = EMBEDDED_RERANK_MODEL
  const reranker = createOnnxRerankModel({ name, contextLength, directory: found.directory })
  const vectors = await openVectorCache()
  const file = benchCache(`logits-${path.basename(found.directory)}.tsv`)
  await mkdir(path.dirname(file), { recursive: true })
  const stored = await readFile(file, 'utf8').catch(() => '')
  const logits = new Map(
    stored.split('\n').flatMap((line) => {
      const [key, logit, end] = line.split('\t')
      // A line cut short by a killed process has no end.
      return key === undefined || end !== '.' ? [] : [[key, Number(logit)] as const]
    }),
  )
  const keyOf = (question: string, passage: string): string =>
    createHash('sha256').update(`${question}\0${passage}`).digest('hex')

  return {
    embed: (texts) => vectors.embed(texts),
    async rerank(question, passages) {
      const missing = passages.filter((passage) => !logits.has(keyOf(question, passage)))
      const { scores } = await reranker.rerank(question, missing, new AbortController().signal)
      missing.forEach((passage, index) => logits.set(keyOf(question, passage), scores[index]!))
      if (missing.length > 0)
        await appendFile(
          file,
          missing.map((passage, index) => `${keyOf(question, passage)}\t${scores[index]!}\t.\n`).join(''),
        )
      return passages.map((passage) => logits.get(keyOf(question, passage))!)
    },
    async [Symbol.asyncDispose]() {
      await reranker[Symbol.asyncDispose]()
      await vectors[Symbol.asyncDispose]()
    },
  }
}
