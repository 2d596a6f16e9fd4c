// The results of an operation as the body of a response: as fast as its client reads, with a sign of life where there is nothing to read.
import type { ExecutionResult } from 'graphql'
import { Readable } from 'node:stream'
import { TributaryError } from '#shared/errors.ts'
import type { StreamFormat } from './stream-formats.ts'

export interface WriteStreamOptions {
  format: StreamFormat
  /** As `run` of a ClientOperation. */
  run: (onCursor: (cursor: string | null) => void) => AsyncGenerator<ExecutionResult>
  /** As a result goes to the client. */
  formatResult: (result: ExecutionResult) => ExecutionResult
  /** As what `run` throws goes to the client. */
  formatFailure: (error: unknown) => ExecutionResult
  /** Ends `run`. */
  signal: AbortSignal
  heartbeatMs: number
  comeBackAfterMs: number
}

export function writeStream(options: WriteStreamOptions): Readable {
  const { format, signal } = options
  let cursor: string | null = null
  let hasBegun = false
  let isQuiet = true
  let onRead: (() => void) | null = null
  const goOn = (): void => {
    onRead?.()
    onRead = null
  }
  const body = new Readable({
    encoding: 'utf8',
    read: goOn,
    destroy(error, done) {
      clearInterval(heartbeat)
      goOn()
      done(error)
    },
  })
  const heartbeat = setInterval(() => {
    if (isQuiet && body.readableLength === 0) body.push(format.heartbeat)
    isQuiet = true
  }, options.heartbeatMs)

  async function writeResults(): Promise<string> {
    for await (const result of options.run((reached) => (cursor = reached))) {
      if (body.destroyed) break
      const shown = options.formatResult(result)
      const isFailure = hasBegun && !('data' in result)
      if (!('data' in result) && isGoingAway(signal)) return format.comeBack(shown)
      hasBegun = true
      isQuiet = false
      const isWaitedFor = body.push(isFailure ? format.failure(shown) : format.result(shown, cursor))
      if (!isWaitedFor && !body.destroyed) await new Promise<void>((resolve) => (onRead = resolve))
    }
    return format.complete
  }

  body.push(format.opening(options.comeBackAfterMs))
  writeResults()
    .catch((error: unknown) => {
      const shown = options.formatFailure(error)
      return (hasBegun ? format.failure(shown) : format.result(shown, null)) + format.complete
    })
    .then((ending) => {
      clearInterval(heartbeat)
      if (body.destroyed) return
      if (ending !== '') body.push(ending)
      body.push(null)
    })
    .catch((error: unknown) => body.destroy(error instanceof Error ? error : new Error(String(error))))
  return body
}

const isGoingAway = ({ reason }: AbortSignal): boolean =>
  reason instanceof TributaryError && reason.code === 'SHUTTING_DOWN'
