// The lines that a gateway's operations leave in its log, as they are written.
import pino, { type Logger } from 'pino'
import { expect, vi } from 'vitest'
import { REQUEST_MESSAGE, type RequestLine } from '../request-log.ts'

export interface RequestLines {
  /** For the gateway. */
  logger: Logger
  lines: (RequestLine & { msg: string; level: number })[]
  /** Of every other message, in order. */
  others: { msg: string; level: number; [key: string]: unknown }[]
  /** All that was written. */
  text(): string
  /** Forgets the lines so far. */
  clear(): void
  /** So many, once they are written: that is when the response is gone, which the client may know first. */
  next(count: number): Promise<RequestLines['lines']>
  /** The only one. */
  theLine(): Promise<RequestLines['lines'][number]>
}

export function createRequestLines(): RequestLines {
  const lines: RequestLines['lines'] = []
  const others: RequestLines['others'] = []
  let text = ''
  const logger = pino(
    { level: 'info' },
    {
      write(line: string) {
        text += line
        const parsed = JSON.parse(line) as RequestLines['others'][number]
        if (parsed.msg === REQUEST_MESSAGE) lines.push(parsed as never)
        else others.push(parsed)
      },
    },
  )
  const next = (count: number) =>
    vi.waitFor(() => (expect(lines).toHaveLength(count), [...lines]), { interval: 5, timeout: 10_000 })
  return {
    logger,
    lines,
    others,
    text: () => text,
    clear() {
      lines.length = 0
      others.length = 0
    },
    next,
    theLine: async () => (await next(1))[0]!,
  }
}
