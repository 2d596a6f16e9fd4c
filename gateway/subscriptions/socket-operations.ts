// The operations that one socket has open, each with the credential it came with. Credentials are asked again every quarter of a second: once one
// is revoked its operations end with UNAUTHENTICATED, and if it was the connection's own, the socket closes.
import { CloseCode } from 'graphql-ws'
import { TributaryError } from '#shared/errors.ts'
import type { Authenticator } from '../auth/authenticate.ts'

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
  authenticator: Authenticator
  /** How long a socket without a credential may have no operation open, in milliseconds; null: for ever. */
  anonymousIdleMs: number | null
  closeSocket: (code: CloseCode, reason: string) => void
}

const RECHECK_MS = 250
const MAX_OPERATIONS = 100

export function createSocketOperations(options: SocketOperationsOptions): SocketOperations {
  const { authorization, authenticator, anonymousIdleMs, closeSocket } = options
  const running = new Map<object, { credential: string | undefined; controller: AbortController }>()
  let idleSinceMs = performance.now()
  const watch = setInterval(() => void recheck(), RECHECK_MS)

  async function recheck(): Promise<void> {
    if (!authorization && anonymousIdleMs !== null && running.size === 0) {
      if (performance.now() - idleSinceMs > anonymousIdleMs) closeSocket(CloseCode.Unauthorized, 'Unauthorized')
      return
    }
    const credentials = new Set([authorization, ...[...running.values()].map(({ credential }) => credential)])
    await Promise.all([...credentials].filter((credential) => credential !== undefined).map(recheckOne))
  }

  async function recheckOne(credential: string): Promise<void> {
    try {
      await authenticator.authenticate(credential, AbortSignal.timeout(5000))
    } catch (error) {
      // Trouble of our own is no reason to end anything.
      if (!(error instanceof TributaryError) || error.code !== 'UNAUTHENTICATED') return
      for (const operation of running.values())
        if (operation.credential === credential) operation.controller.abort(error)
      if (credential !== authorization) return
      clearInterval(watch)
      // After the terminal errors of the streams are on their way.
      setTimeout(() => closeSocket(CloseCode.Forbidden, 'Forbidden'), 100)
    }
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
      running.set(operation, { credential, controller })
      return controller.signal
    },
    end(operation) {
      running.get(operation)?.controller.abort()
      running.delete(operation)
      idleSinceMs = performance.now()
    },
    endAll() {
      clearInterval(watch)
      for (const { controller } of running.values()) controller.abort()
      running.clear()
    },
  }
}
