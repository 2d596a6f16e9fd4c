// The operations that one socket has open, each with the credential it came with. Once one is revoked its operations end with UNAUTHENTICATED, and if
// it was the connection's own, the socket closes.
import { CloseCode } from 'graphql-ws'
import { TributaryError } from '#shared/errors.ts'
import type { CredentialWatch } from '../auth/credential-watch.ts'

export interface SocketOperations {
  /** The credential that counts for an operation: that of the connection, or, where it has none, the operation's own. */
  credentialOf(own: string | undefined): string | undefined
  /** The signal that ends the operation. Throws CAPACITY_EXCEEDED. */
  begin(operation: object, credential: string | undefined): AbortSignal
  /** Aborts what is still running of it, and frees its place. */
  end(operation: object): void
  endAll(): void
}

export interface SocketOperationsOptions {
  /** What the connection was opened with, already found valid; undefined without. */
  authorization: string | undefined
  credentials: CredentialWatch
  /** How long a socket without a credential may have no operation open, in milliseconds; null: for ever. */
  anonymousIdleMs: number | null
  closeSocket: (code: CloseCode, reason: string) => void
}

const MAX_OPERATIONS = 100

const nothing = () => undefined

export function createSocketOperations(options: SocketOperationsOptions): SocketOperations {
  const { authorization, credentials, anonymousIdleMs, closeSocket } = options
  const running = new Map<object, { controller: AbortController; unwatch: () => void }>()
  let idle: NodeJS.Timeout | undefined
  waitForOperation()
  // After the terminal errors of the streams are on their way.
  const unwatch = authorization
    ? credentials.watch(authorization, () => setTimeout(() => closeSocket(CloseCode.Forbidden, 'Forbidden'), 100))
    : nothing

  function waitForOperation(): void {
    clearTimeout(idle)
    if (authorization || anonymousIdleMs === null || running.size > 0) return
    idle = setTimeout(() => closeSocket(CloseCode.Unauthorized, 'Unauthorized'), anonymousIdleMs)
  }

  return {
    credentialOf: (own) => authorization ?? own,
    begin(operation, credential) {
      if (running.size >= MAX_OPERATIONS) {
        throw new TributaryError(
          'CAPACITY_EXCEEDED',
          `This socket has ${MAX_OPERATIONS} operations open. Complete one first, or open another socket.`,
        )
      }
      const controller = new AbortController()
      running.set(operation, {
        controller,
        unwatch: credential ? credentials.watch(credential, (error) => controller.abort(error)) : nothing,
      })
      waitForOperation()
      return controller.signal
    },
    end(operation) {
      const ended = running.get(operation)
      if (!ended) return
      ended.unwatch()
      ended.controller.abort()
      running.delete(operation)
      waitForOperation()
    },
    endAll() {
      unwatch()
      clearTimeout(idle)
      for (const { controller, unwatch: unwatchOperation } of running.values()) {
        unwatchOperation()
        controller.abort()
      }
      running.clear()
    },
  }
}
