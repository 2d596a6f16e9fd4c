// What models were used for, told to metrics by durable messages. Work under a key counts once, however often it is repeated; work without
// one counts each time it is done.
//
// Whoever has the result of keyed work never asks for it again, not even after a kill: such a result is not handed out uncounted. For other work
// (a search) somebody waits: it is counted after the reply, several uses in one statement, again while the database is away, and before the
// process ends. What a killed process had replied to there and not yet counted, a few milliseconds' worth, is lost.
import type { Logger } from 'pino'
import { createId, deterministicId } from '#shared/ids.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import type { z } from 'zod'
import { usageRecorded } from '../../contracts/messages.ts'

export interface ModelUse {
  workspaceId: string
  kind: 'EMBEDDING' | 'RERANK'
  modelName: string
  promptTokens: number
  /** Null: it counts by itself. */
  idempotencyKey: string | null
}

export interface CountUsage {
  /** Asked before the reply. Keyed work is counted when this resolves; other work will be, and this resolves at once. */
  count(use: ModelUse): Promise<void>
  /** What is open is counted. Nothing may come afterwards. */
  close(): Promise<void>
}

export interface CountUsageOptions {
  queue: Pick<JobQueue, 'send' | 'sendMany'>
  logger: Logger
  /** Pause before what could not be sent is sent again, in milliseconds. Default 1,000. */
  retryMs?: number
  /** Uses that are kept while they cannot be sent; more are not counted. Default 10,000. */
  maximumOpen?: number
}

type Message = z.input<typeof usageRecorded.schema>

export function createCountUsage(options: CountUsageOptions): CountUsage {
  const { queue, logger, retryMs = 1_000, maximumOpen = 10_000 } = options
  let open: Message[] = []
  let sending: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined

  /** Never throws. What comes meanwhile goes out with the next statement. */
  async function send(): Promise<void> {
    while (open.length > 0) {
      const messages = open
      open = []
      try {
        await queue.sendMany(usageRecorded, messages)
      } catch (error) {
        logger.error({ err: error, count: messages.length }, 'usage could not be counted yet')
        open = [...messages, ...open].slice(-maximumOpen)
        timer = setTimeout(start, retryMs)
        timer.unref()
        break
      }
    }
    sending = null
  }
  function start(): void {
    clearTimeout(timer)
    timer = undefined
    sending ??= send()
  }

  function afterReply(use: ModelUse): void {
    open.push(messageOf(use))
    // While the database is away it is the timer that starts.
    if (open.length === 1 && timer === undefined && sending === null) setImmediate(start)
  }

  return {
    async count(use) {
      if (use.idempotencyKey === null) afterReply(use)
      else await queue.send(usageRecorded, messageOf(use))
    },
    async close() {
      await sending
      start()
      await sending
      clearTimeout(timer)
      if (open.length > 0) logger.error({ count: open.length }, 'usage was not counted')
    },
  }
}

function messageOf({ workspaceId, kind, modelName, promptTokens, idempotencyKey }: ModelUse): Message {
  return {
    workspaceId,
    eventId:
      idempotencyKey === null
        ? createId('use')
        : deterministicId('use', workspaceId, kind.toLowerCase(), idempotencyKey),
    kind,
    occurredAt: new Date().toISOString(),
    modelName,
    knowledgeBaseIds: [],
    promptTokens,
    completionTokens: 0,
    retrievalMs: null,
  }
}
