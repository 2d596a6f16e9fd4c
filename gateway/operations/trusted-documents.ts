// Documents that the operator trusts, by id, from a manifest: Apollo's persisted query manifest, or a plain map of ids to texts. The file is read
// again when it changes; one that cannot be used is refused with its reason, and the one before stays.
import { createHash } from 'node:crypto'
import { unwatchFile, watchFile, type StatsListener } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import { parse } from 'graphql'
import { LRUCache } from 'lru-cache'
import { TributaryError } from '#shared/errors.ts'
import type { TrustedDocumentMode, TrustedDocumentsOptions } from './operation-policy.ts'

export interface TrustedDocuments {
  mode: TrustedDocumentMode
  /** The text of an id, which may be written with `sha256:` before it. */
  find(id: string): string | undefined
  has(text: string): boolean
  /** Logs a document that is not in the manifest, once for as long as it is remembered. */
  noteUnknown(text: string, operationName: string | undefined): void
  close(): void
}

const MANIFEST_VARIABLE = 'TRIBUTARY_TRUSTED_DOCUMENTS_MANIFEST'
const WATCH_INTERVAL_MS = 1000
const REMEMBERED_UNKNOWN = 1000

const manifestSchema = z.union(
  [
    z
      .object({
        format: z.literal('apollo-persisted-query-manifest'),
        version: z.literal(1),
        operations: z.array(z.object({ id: z.string().min(1), body: z.string() })),
      })
      .transform(({ operations }) => new Map(operations.map(({ id, body }) => [id, body]))),
    z.record(z.string(), z.string()).transform((map) => new Map(Object.entries(map))),
  ],
  'expected {"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id","body"}]} or {"<id>":"<text>"}',
)

/** Throws CONFIGURATION_INVALID when the manifest cannot be used. */
export async function openTrustedDocuments(
  options: TrustedDocumentsOptions,
  logger: Logger,
): Promise<TrustedDocuments> {
  const { mode, manifest } = options
  if (mode === 'off') return NO_DOCUMENTS
  if (!manifest)
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `${MANIFEST_VARIABLE} is not set: expected the path of a manifest, since TRIBUTARY_TRUSTED_DOCUMENTS is "${mode}".`,
    )
  let documents = await readManifest(manifest)
  const unknown = new LRUCache<string, true>({ max: REMEMBERED_UNKNOWN })
  let reading = Promise.resolve()
  const onChange: StatsListener = () => {
    reading = reading.then(async () => {
      try {
        documents = await readManifest(manifest)
        logger.info({ manifest, documents: documents.byId.size }, 'trusted documents were read again')
      } catch (error) {
        logger.error({ err: error }, 'the changed manifest of trusted documents is refused; the one before stays')
      }
    })
  }
  // By polling: mounted files change by links that point elsewhere, of which watchers hear nothing.
  watchFile(manifest, { interval: options.watchIntervalMs ?? WATCH_INTERVAL_MS, persistent: false }, onChange)
  return {
    mode,
    find: (id) => documents.byId.get(id) ?? documents.byId.get(id.replace(/^sha256:/, '')),
    has: (text) => documents.texts.has(text),
    noteUnknown(text, operationName) {
      const sha256Hash = hashOf(text)
      if (unknown.has(sha256Hash)) return
      unknown.set(sha256Hash, true)
      logger.warn({ sha256Hash, operationName }, 'an operation is not among the trusted documents')
    },
    close: () => unwatchFile(manifest, onChange),
  }
}

const NO_DOCUMENTS: TrustedDocuments = {
  mode: 'off',
  find: () => undefined,
  has: () => false,
  noteUnknown: () => undefined,
  close: () => undefined,
}

interface Documents {
  byId: ReadonlyMap<string, string>
  texts: ReadonlySet<string>
}

async function readManifest(file: string): Promise<Documents> {
  const refuse = (reason: string, cause?: unknown) =>
    new TributaryError('CONFIGURATION_INVALID', `${MANIFEST_VARIABLE} is "${file}": ${reason}`, { cause })
  let content: unknown
  try {
    content = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw refuse(`it cannot be read as JSON (${cause instanceof Error ? cause.message : String(cause)}).`, cause)
  }
  const result = manifestSchema.safeParse(content)
  if (!result.success) throw refuse(`${result.error.issues[0]?.message}.`)
  for (const [id, text] of result.data) {
    try {
      parse(text)
    } catch (cause) {
      throw refuse(`its document "${id}" is not GraphQL (${(cause as Error).message}).`, cause)
    }
  }
  return { byId: result.data, texts: new Set(result.data.values()) }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
