// LISTEN on a session of its own, which comes back by itself: a pooled one would lose it.
import pg from 'pg'

const RECONNECT_DELAY_MS = 500

export interface ListenOptions {
  /** What every session of this process is opened with. */
  connection: pg.ClientConfig
  channel: string
  onPayload: (payload: string) => void
  /** After a lost session was replaced. */
  onReconnect: () => void
}

/** Rejects when the first session cannot be made; later ones are tried until they can be. */
export async function listenOnPostgresql(options: ListenOptions): Promise<{ close(): Promise<void> }> {
  let isClosed = false
  let current: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  const connect = async (): Promise<void> => {
    const client = new pg.Client(options.connection)
    client.on('error', () => undefined)
    client.on('end', () => {
      if (!isClosed && current === client) retry()
    })
    client.on('notification', (message) => options.onPayload(message.payload ?? ''))
    try {
      await client.connect()
      await client.query(`listen ${pg.escapeIdentifier(options.channel)}`)
    } catch (error) {
      await client.end().catch(() => undefined)
      throw error
    }
    current = client
    if (isClosed) await client.end()
  }
  const retry = () => {
    timer = setTimeout(() => {
      if (isClosed) return
      connect().then(() => {
        if (!isClosed) options.onReconnect()
      }, retry)
    }, RECONNECT_DELAY_MS)
  }
  await connect()
  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      await current?.end()
    },
  }
}
