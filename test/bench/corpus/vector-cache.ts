// Vectors that the real embedding model made once, by text: a corpus of 20,000 chunks takes the model ten minutes on two cores, and every
// change of a table would ask for them again. One file, records appended; a record cut short by a killed process is dropped.
import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile, truncate } from 'node:fs/promises'
import path from 'node:path'
import { createOnnxEmbeddingModel } from '../../../subgraphs/models/adapters/onnx-embedding-model.ts'
import { cachedModel } from '../../../subgraphs/models/model-files/cached-model.fixture.ts'
import { EMBEDDED_EMBEDDING_MODEL } from '../../../subgraphs/models/model-files/manifest.ts'
import { benchCache } from './cache.ts'

const KEY_BYTES = 32
const { name: modelName, embeddingDimensions: dimensions, contextLength } = EMBEDDED_EMBEDDING_MODEL
const RECORD_BYTES = KEY_BYTES + dimensions * 4
const BATCH = 64

export interface VectorCache extends AsyncDisposable {
  modelName: string
  /** Each text's vector, from the cache or the model. */
  embed(texts: readonly string[], onProgress?: (done: number, total: number) => void): Promise<Float32Array[]>
}

export async function openVectorCache(): Promise<VectorCache> {
  const folder = await modelFolder()
  const file = benchCache(`vectors-${path.basename(folder)}.bin`)
  await mkdir(path.dirname(file), { recursive: true })
  const stored = await readFile(file).catch(() => Buffer.alloc(0))
  const whole = stored.length - (stored.length % RECORD_BYTES)
  if (whole < stored.length) await truncate(file, whole)
  const vectors = new Map<string, Float32Array>()
  for (let at = 0; at < whole; at += RECORD_BYTES) {
    const bytes = Uint8Array.from(stored.subarray(at + KEY_BYTES, at + RECORD_BYTES))
    vectors.set(stored.subarray(at, at + KEY_BYTES).toString('hex'), new Float32Array(bytes.buffer))
  }
  const model = createOnnxEmbeddingModel({ name: modelName, directory: folder, dimensions, contextLength })
  const keyOf = (text: string) => createHash('sha256').update(text).digest()

  return {
    modelName,
    async embed(texts, onProgress) {
      const missing = [...new Set(texts)].filter((text) => !vectors.has(keyOf(text).toString('hex')))
      for (let from = 0; from < missing.length; from += BATCH) {
        const batch = missing.slice(from, from + BATCH)
        const made = await model.embed(batch, new AbortController().signal)
        const records = batch.map((text, index) => {
          const vector = made.vectors[index]!
          vectors.set(keyOf(text).toString('hex'), vector)
          return Buffer.concat([keyOf(text), Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)])
        })
        await appendFile(file, Buffer.concat(records))
        onProgress?.(Math.min(from + BATCH, missing.length), missing.length)
      }
      return texts.map((text) => vectors.get(keyOf(text).toString('hex'))!)
    },
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  }
}

async function modelFolder(): Promise<string> {
  const found = await cachedModel(EMBEDDED_EMBEDDING_MODEL)
  if ('missing' in found) throw new Error(found.missing)
  return found.directory
}
