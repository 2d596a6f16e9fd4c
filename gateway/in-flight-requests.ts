// The HTTP requests that are being answered, so that an end can wait for them.
import type { FastifyInstance } from 'fastify'
import { once } from 'node:events'
import type { Logger } from 'pino'

export interface InFlightRequests {
  /** Whether the end has begun. */
  readonly isDraining: boolean
  /** Nothing new is accepted; resolves when the last request is answered, or after so many milliseconds, and then says how many are cut. */
  drain(deadlineMs: number): Promise<void>
}

export function trackRequests(app: FastifyInstance, logger: Logger): InFlightRequests {
  const settled = new EventTarget()
  let running = 0
  let isDraining = false
  app.addHook('onRequest', async (_request, reply) => {
    running += 1
    // Of an answer that is whole, and of one whose client has left.
    reply.raw.once('close', () => {
      running -= 1
      if (running === 0) settled.dispatchEvent(new Event('idle'))
    })
    // A kept connection would bring its next request to somebody who is leaving.
    if (isDraining) reply.header('connection', 'close')
  })
  return {
    get isDraining() {
      return isDraining
    },
    async drain(deadlineMs) {
      isDraining = true
      app.server.close()
      app.server.closeIdleConnections()
      if (running === 0) return
      await once(settled, 'idle', { signal: AbortSignal.timeout(deadlineMs) }).catch(() => undefined)
      if (running > 0)
        logger.warn({ requestCount: running, waitedMs: deadlineMs }, 'requests were cut: they did not end in time')
    },
  }
}
