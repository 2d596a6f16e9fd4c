// Ctrl-C or SIGTERM ends the platform cleanly, a second one at once. So does a terminal that is closed, whatever else comes from it then.
import process from 'node:process'

/**
 * One Ctrl-C may arrive several times: from the terminal, from npm and from the launcher, which all pass it on. Only what comes later than this is
 * a second one.
 */
const SAME_REQUEST_MS = 500
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export interface EndRequest {
  /** Aborted when the user asks to end. */
  signal: AbortSignal
  /** Resolves then. */
  requested: Promise<void>
  /** Asks to end without a signal. */
  request(): void
}

export function listenForEnd(options: { onSecond: () => void }): EndRequest {
  const controller = new AbortController()
  let firstAt: number | null = null
  const onSignal = () => {
    if (firstAt === null) {
      firstAt = Date.now()
      controller.abort()
    } else if (Date.now() - firstAt > SAME_REQUEST_MS) options.onSecond()
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  process.on('SIGHUP', () => {
    // Shell, terminal and npm pass it on, each in its time and some as another signal; nobody is there to be in a hurry.
    firstAt = Number.POSITIVE_INFINITY
    controller.abort()
  })
  return {
    signal: controller.signal,
    requested: new Promise((resolve) => controller.signal.addEventListener('abort', () => resolve(), { once: true })),
    request: () => controller.abort(),
  }
}
