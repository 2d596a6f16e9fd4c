// Wake-ups by Pub/Sub: one channel per stream, subscribed to while somebody follows it in this process, all over one connection. A message
// says nothing but that there is something to read.
//
// Chosen over a blocking XREAD of all followed keys, which has to name them all again after every event.
import { openRedisConnection, type RedisConnection } from './redis-connection.ts'

/** By the keys of streams (`streamKeyOf`). */
export interface WakeUps {
  subscribe(streamKey: string): void
  unsubscribe(streamKey: string): void
  close(): void
}

export interface OpenWakeUpsOptions {
  url: string
  prefix: string
  schema: string
  /** Something may have come; also once a subscription is there, for what came before it. */
  onWake(streamKey: string): void
  /** Streams that are to be subscribed to after a connection was lost. */
  followed(): readonly string[]
}

export async function openWakeUps(options: OpenWakeUpsOptions): Promise<WakeUps> {
  const { url, prefix, schema, onWake, followed } = options
  const channelPrefix = `${prefix}:${schema}:wake:`
  let connection: RedisConnection | null = null

  const onMessage = (_message: string, channel: string): void => onWake(channel.slice(channelPrefix.length))

  function subscribe(streamKeys: readonly string[]): void {
    if (streamKeys.length === 0) return
    const channels = streamKeys.map((streamKey) => channelPrefix + streamKey)
    connection
      ?.run((client) => client.subscribe(channels, onMessage))
      .then(
        () => {
          for (const streamKey of streamKeys) onWake(streamKey)
        },
        // The next connection does it.
        () => undefined,
      )
  }

  connection = await openRedisConnection({
    url,
    name: `${prefix}-${schema}-wake`,
    onReady: () => subscribe(followed()),
  })
  return {
    subscribe: (streamKey) => subscribe([streamKey]),
    unsubscribe(streamKey) {
      connection.run((client) => client.unsubscribe(channelPrefix + streamKey, onMessage)).catch(() => undefined)
    },
    close: () => connection.close(),
  }
}
