// A pool for one caller: what runs in it ends when the caller's signal does. The caller is let go at once; behind it the server is told to cancel the
// statement, and the session is closed, since a cancellation that comes late would hit whatever the session runs next.
import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import pg from 'pg'
import { untilAborted } from './abortable.ts'

/** A statement that has heard of its cancellation ends in milliseconds; one that had not reached the server has to be told again. */
const CANCEL_PATIENCE_MS = 1_000

/** Resolves when all was done to end the statement that runs in the session; never rejects. */
export type CancelStatement = (client: pg.PoolClient, running: Promise<unknown>) => Promise<void>

/** Cancels one at a time, each in a session of its own: those of the pool may all be busy with what is to be cancelled. */
export function createCancelStatement(connection: pg.ClientConfig): CancelStatement {
  const limit = pLimit(1)
  return (client, running) => {
    let isRunning = true
    const hasEnded = running
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        isRunning = false
      })
    return limit(async () => {
      if (!isRunning) return
      const { processID } = client as { processID?: number }
      const messenger = new pg.Client(connection)
      messenger.on('error', () => undefined)
      try {
        await messenger.connect()
        await messenger.query('select pg_cancel_backend($1)', [processID])
        await Promise.race([hasEnded, delay(CANCEL_PATIENCE_MS, undefined, { ref: false })])
        if (isRunning) await messenger.query('select pg_terminate_backend($1)', [processID])
      } catch {
        // The server cannot be reached now; by its own limit it ends what runs for a session that is gone.
      } finally {
        await messenger.end().catch(() => undefined)
      }
    })
  }
}

export interface AbortablePoolOptions {
  pool: pg.Pool
  cancel: CancelStatement
  signal: AbortSignal
}

/** What Drizzle uses of a pool, with promises only. A statement rejects with the signal's reason; its session is kept from the pool until it was cancelled. */
export function abortablePool(options: AbortablePoolOptions): pg.Pool {
  const { pool, signal } = options

  async function connect(): Promise<pg.PoolClient> {
    signal.throwIfAborted()
    const connecting = pool.connect()
    try {
      return abortableClient(await untilAborted(() => connecting, signal), options)
    } catch (error) {
      if (signal.aborted)
        connecting.then(
          (client) => client.release(),
          () => undefined,
        )
      throw error
    }
  }

  async function query(...statement: unknown[]): Promise<unknown> {
    const client = await connect()
    try {
      return await (client.query as PromisedQuery)(...statement)
    } finally {
      client.release()
    }
  }

  return { connect, query } as unknown as pg.Pool
}

type PromisedQuery = (...statement: unknown[]) => Promise<unknown>

function abortableClient(client: pg.PoolClient, { cancel, signal }: AbortablePoolOptions): pg.PoolClient {
  let cancelled: Promise<void> | undefined

  async function query(...statement: unknown[]): Promise<unknown> {
    signal.throwIfAborted()
    const running = (client.query as PromisedQuery)(...statement)
    try {
      return await untilAborted(() => running, signal)
    } catch (error) {
      if (signal.aborted) cancelled ??= cancel(client, running)
      throw error
    }
  }

  function release(isBroken?: Error | boolean): void {
    if (cancelled === undefined) return client.release(isBroken)
    void cancelled.then(() => client.release(true))
  }

  return { query, release } as unknown as pg.PoolClient
}
