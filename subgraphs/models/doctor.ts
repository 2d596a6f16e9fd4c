// What models depends on, for `tributary doctor`: each Ollama host, the embedded models, and that what is asked for can be served by one of them.
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { checkConfiguration } from '#shared/configuration.ts'
import { failed, ok, skipped, warning, type Check, type DoctorContext, type Finding } from '../../contracts/doctor.ts'
import { migrationsCheck } from '../../contracts/migrations-check.ts'
import { ollamaAddress, ollamaHostName } from './adapters/ollama-address.ts'
import { createOllamaClient } from './adapters/ollama-client.ts'
import { createOllamaProvider } from './adapters/ollama-provider.ts'
import { configSchema, type ModelsConfiguration } from './config.ts'
import { chooseDefault, findByName, type CatalogueModel } from './domain/choose-model.ts'
import type { ManifestModel } from './domain/model-manifest.ts'
import { EMBEDDED_MODELS, locateIn } from './embedded-models.ts'

export interface ModelsDoctorOptions extends DoctorContext {
  /** Names of the models that knowledge bases were embedded with; null when they cannot be known. */
  embeddingModelNames(): Promise<string[] | null>
}

interface Host {
  name: string
  /** `error`: why it could not be asked. */
  answer: Promise<{ version: string; models: CatalogueModel[] } | { error: string }>
}

const HOST_TIMEOUT_MS = 6_000
const MODELS = 'Models'

export function modelsChecks(options: ModelsDoctorOptions): Check[] {
  const folder = fileURLToPath(new URL('./migrations', import.meta.url))
  const migrations = migrationsCheck(options, { schema: 'models', folder })
  const outcome = checkConfiguration(configSchema, options.environment)
  // What is wrong with it is said by the check of the configuration.
  if ('problems' in outcome) return [migrations]
  const { configuration } = outcome
  const hosts = configuration.OLLAMA_HOST === undefined ? [] : [askHost(configuration.OLLAMA_HOST)]
  const embedded = EMBEDDED_MODELS.map((model) => ({ model, directory: locateIn(configuration)(model) }))
  const available = async (): Promise<CatalogueModel[]> => {
    const answers = await Promise.all(hosts.map(({ answer }) => answer))
    const present = await Promise.all(embedded.map(async ({ model, directory }) => ((await directory) ? [model] : [])))
    return [...answers.flatMap((answer) => ('models' in answer ? answer.models : [])), ...present.flat().map(described)]
  }

  return [
    migrations,
    ...(hosts.length === 0
      ? [{ subject: 'Ollama', name: 'hosts', run: async () => skipped('none is configured (OLLAMA_HOST)') }]
      : hosts.map((host) => ({ subject: 'Ollama', name: host.name, run: () => checkHost(host, available) }))),
    ...embedded.map(({ model, directory }) => ({
      subject: MODELS,
      name: `embedded ${model.name}`,
      run: async () => checkEmbedded(model, await directory, configuration, await available()),
    })),
    { subject: MODELS, name: 'for answers', run: async () => checkDefault('CHAT', configuration, await available()) },
    {
      subject: MODELS,
      name: 'for new knowledge bases',
      run: async () => checkDefault('EMBEDDING', configuration, await available()),
    },
    {
      subject: MODELS,
      name: 'of knowledge bases',
      run: async () => checkNeeded(await options.embeddingModelNames(), await available()),
    },
  ]
}

/** What embeds now, on whichever host; the embedded ones are among them, present or not. */
export async function readEmbeddingModels(
  context: Pick<DoctorContext, 'environment'>,
): Promise<{ name: string; dimensions: number }[]> {
  const outcome = checkConfiguration(configSchema, context.environment)
  const address = 'problems' in outcome ? undefined : outcome.configuration.OLLAMA_HOST
  const answer = address === undefined ? null : await askHost(address).answer
  const models = [...(answer !== null && 'models' in answer ? answer.models : []), ...EMBEDDED_MODELS.map(described)]
  return models.flatMap(({ name, embeddingDimensions: dimensions }) => (dimensions ? [{ name, dimensions }] : []))
}

/** Asked once, whoever wants to know. */
function askHost(address: string): Host {
  let name = 'OLLAMA_HOST'
  const ask = async () => {
    const url = ollamaAddress(address)
    name = ollamaHostName(url)
    await using client = createOllamaClient({ url, hostName: name })
    await using provider = createOllamaProvider({ address })
    const signal = AbortSignal.timeout(HOST_TIMEOUT_MS)
    const { version } = await client.ask({ signal }, (ollama) => ollama.version(), z.object({ version: z.string() }))
    const models = await provider.listModels(signal)
    const hostNames = [name]
    return {
      version,
      models: models.map((model) => ({ ...model, provider: 'OLLAMA' as const, hostNames, isAvailable: true })),
    }
  }
  const answer = ask().catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }))
  return { name, answer }
}

async function checkHost({ name, answer }: Host, available: () => Promise<CatalogueModel[]>): Promise<Finding> {
  const said = await answer
  if ('version' in said) {
    const count = said.models.length
    if (count === 0) return warning(`Ollama ${said.version} has no models`, 'Pull some: `ollama pull llama3.2`.')
    return ok(`Ollama ${said.version}, ${count} ${count === 1 ? 'model' : 'models'}`)
  }
  // Its second sentence is a remedy, for people who do not know the host.
  const [why = ''] = said.error.split('. ')
  const remedy = `Start Ollama on ${name} (\`ollama serve\`), or correct or unset OLLAMA_HOST.`
  const rest = await available()
  const isCovered = (['CHAT', 'EMBEDDING'] as const).every((use) => chooseDefault(rest, use, undefined) !== null)
  return isCovered ? warning(`${why}; the embedded models serve meanwhile`, remedy) : failed(why, remedy)
}

function checkEmbedded(
  model: ManifestModel,
  directory: string | null,
  configuration: ModelsConfiguration,
  available: readonly CatalogueModel[],
): Finding {
  if (directory !== null) return ok('present')
  if (model.capability !== 'RERANK' && chooseDefault(available, model.capability, undefined) !== null)
    return skipped('not here, and not needed: a host serves such a model')
  const size = Math.round(model.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1_000_000)
  if (configuration.TRIBUTARY_MODELS_DOWNLOAD === 'true')
    return warning(`not here yet (${size} MB)`, 'The next start fetches it, with pip.')
  return warning(
    `not here (${size} MB), and downloads are switched off`,
    'Set TRIBUTARY_MODELS_DOWNLOAD to true, or put it into TRIBUTARY_MODELS_DIR.',
  )
}

function checkDefault(
  capability: 'CHAT' | 'EMBEDDING',
  configuration: ModelsConfiguration,
  available: readonly CatalogueModel[],
): Finding {
  const variable = capability === 'CHAT' ? 'TRIBUTARY_DEFAULT_CHAT_MODEL' : 'TRIBUTARY_DEFAULT_EMBEDDING_MODEL'
  const configured = configuration[variable]
  const chosen = chooseDefault(available, capability, configured)
  if (chosen !== null) return ok(`${chosen.name}, ${placeOf(chosen)}`)
  const use = capability === 'CHAT' ? 'chat' : 'embedding'
  if (configured === undefined)
    return failed(
      `there is no ${use} model`,
      'Start where the embedded models can be fetched, or pull one in an Ollama.',
    )
  return failed(
    `${variable} is "${configured}", and no host has such a ${use} model`,
    `Pull it: \`ollama pull ${configured}\`, or correct ${variable}.`,
  )
}

function checkNeeded(names: readonly string[] | null, available: readonly CatalogueModel[]): Finding {
  if (names === null) return skipped('not known: the database cannot be asked')
  if (names.length === 0) return skipped('there are no knowledge bases with a model yet')
  const missing = names.filter((name) => findByName(available, name) === null)
  if (missing.length === 0) return ok(names.join(', '))
  return failed(
    `not to be had: ${missing.join(', ')}; their knowledge bases are searched by words only`,
    `Pull them: ${missing.map((name) => `\`ollama pull ${name}\``).join(', ')}.`,
  )
}

const placeOf = ({ provider, hostNames }: CatalogueModel): string =>
  provider === 'EMBEDDED' ? 'embedded' : `on ${hostNames.join(', ')}`

function described(model: ManifestModel): CatalogueModel {
  return {
    name: model.name,
    capabilities: [model.capability],
    contextLength: model.contextLength,
    embeddingDimensions: model.embeddingDimensions,
    parameterCount: model.parameterCount,
    sizeBytes: null,
    isLoaded: null,
    provider: 'EMBEDDED',
    hostNames: [],
    isAvailable: true,
  }
}
