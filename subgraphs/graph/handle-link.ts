// The LINK command: reads what the document says, links it, and reports how that went. What a repetition cannot mend is reported as
// failed; what it can (a store that is away, a process that stops) is thrown, and the command comes again.
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { BlobStore } from '#shared/blob-store.ts'
import { type ErrorCode, isCancellation, TributaryError } from '#shared/errors.ts'
import type { Delivery, JobQueue } from '#shared/job-queue.ts'
import { documentChunksSchema, documentContentSchema } from '../../contracts/document-content.ts'
import { stepReported, type documentLink } from '../../contracts/messages.ts'
import type { LinkDocument } from './link-document.ts'

type LinkCommand = z.output<(typeof documentLink)['schema']>

export interface HandleLinkOptions {
  blobs: Pick<BlobStore, 'read'>
  queue: Pick<JobQueue, 'send'>
  linkDocument: LinkDocument
  logger: Pick<Logger, 'error'>
}

/** Another delivery would end the same way. */
const hopelessCodes: ReadonlySet<ErrorCode> = new Set([
  'NOT_FOUND',
  'INTERNAL_SERVER_ERROR',
  'EXTRACTION_TIMED_OUT',
  'EXTRACTION_OUT_OF_MEMORY',
  'EXTRACTION_FAILED',
])

export function createHandleLink({ blobs, queue, linkDocument, logger }: HandleLinkOptions) {
  const report = (command: LinkCommand, outcome: Pick<z.input<(typeof stepReported)['schema']>, 'status' | 'error'>) =>
    queue.send(stepReported, {
      workspaceId: command.workspaceId,
      itemId: command.itemId,
      attempt: command.attempt,
      step: 'LINK',
      occurredAt: new Date().toISOString(),
      ...outcome,
    })

  async function readJson<Schema extends z.ZodType>(
    schema: Schema,
    key: string,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    const bytes = await blobs.read(key, signal)
    try {
      return schema.parse(JSON.parse(bytes.toString('utf8')))
    } catch (cause) {
      throw new TributaryError('INTERNAL_SERVER_ERROR', 'The stored content of the document cannot be read.', { cause })
    }
  }

  return async ({ data: command, signal }: Delivery<LinkCommand>): Promise<void> => {
    await report(command, { status: 'RUNNING' })
    try {
      const content = await readJson(documentContentSchema, command.contentKey, signal)
      const { chunks } = await readJson(documentChunksSchema, command.chunksKey, signal)
      const { workspaceId, knowledgeBaseId, documentId } = command
      const { text, blocks } = content
      await linkDocument({ workspaceId, knowledgeBaseId, documentId, text, blocks, chunks }, signal)
    } catch (error) {
      if (!isHopeless(error)) throw error
      logger.error({ err: error, step: 'LINK', documentId: command.documentId }, 'a document could not be linked')
      const { code, message, isRetryable } = error
      await report(command, { status: 'FAILED', error: { code, message, isRetryable } })
      return
    }
    await report(command, { status: 'SUCCEEDED' })
  }
}

const isHopeless = (error: unknown): error is TributaryError =>
  error instanceof TributaryError && !isCancellation(error) && hopelessCodes.has(error.code)
