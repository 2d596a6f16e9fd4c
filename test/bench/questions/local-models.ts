/**
 * The embedding model and the reranker in process, for evaluation without the platform. `TRIBUTARY_BENCH_MODELS` names a
 * folder with `minilm/` and `reranker/`, each with tokenizer, config and `onnx/model_quantized.onnx`. Embeddings of
 * documents are kept in `cache/` of that folder, since they take most of the time.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AutoModelForSequenceClassification, AutoTokenizer, env, pipeline } from '@huggingface/transformers'
import type { EmbedTexts } from './in-memory-search.ts'

export async function openLocalModels(folder: string) {
  env.localModelPath = folder
  env.allowRemoteModels = false
  const session = { intraOpNumThreads: Number(process.env['TRIBUTARY_BENCH_THREADS'] ?? 1), interOpNumThreads: 1 }
  const extractor = await pipeline('feature-extraction', 'minilm', { dtype: 'q8', session_options: session })
  const tokenizer = existsSync(join(folder, 'reranker')) ? await AutoTokenizer.from_pretrained('reranker') : null
  const reranker =
    tokenizer === null
      ? null
      : await AutoModelForSequenceClassification.from_pretrained('reranker', { dtype: 'q8', session_options: session })
  const cache = join(folder, 'cache')
  mkdirSync(cache, { recursive: true })

  const embed: EmbedTexts = async (texts) => {
    const output = await extractor([...texts], { pooling: 'mean', normalize: true })
    const width = output.dims[1] ?? 0
    const data = output.data as Float32Array
    return texts.map((_, index) => data.slice(index * width, (index + 1) * width))
  }

  /** Sorted by length, in small batches, so that little is padded. */
  const embedCached: EmbedTexts = async (texts) => {
    if (texts.length < 64) return embed(texts)
    const file = join(cache, `${createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 24)}.f32`)
    if (existsSync(file)) {
      const bytes = readFileSync(file)
      const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
      const width = all.length / texts.length
      return texts.map((_, index) => all.slice(index * width, (index + 1) * width))
    }
    const order = texts
      .map((_, index) => index)
      .sort((left, right) => (texts[left]?.length ?? 0) - (texts[right]?.length ?? 0))
    const vectors: Float32Array[] = []
    for (let start = 0; start < order.length; start += 16) {
      const batch = order.slice(start, start + 16)
      const embedded = await embed(batch.map((index) => texts[index] ?? ''))
      batch.forEach((index, place) => {
        const vector = embedded[place]
        if (vector !== undefined) vectors[index] = vector
      })
    }
    writeFileSync(
      file,
      Buffer.concat(vectors.map((vector) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength))),
    )
    return vectors
  }

  async function rerank(question: string, passages: readonly string[]): Promise<number[]> {
    if (tokenizer === null || reranker === null) throw new Error('no reranker in the model folder')
    const inputs = tokenizer(
      passages.map(() => question),
      { text_pair: [...passages], padding: true, truncation: true, max_length: 256 },
    )
    const output = (await reranker(inputs)) as { logits: { data: Float32Array } }
    return Array.from(output.logits.data)
  }

  return { embed, embedCached, rerank: reranker === null ? undefined : rerank }
}
