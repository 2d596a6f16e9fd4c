// Wake-ups by Pub/Sub: one channel per stream, subscribed to while somebody follows it in this process, all over one connection. A message
// says nothing but that there is something to read.
//
// Chosen over a blocking XREAD of all followed keys, which has to name them all again after every event.
import { openRedisConnection, type RedisConnection } from './redis-connection.ts'
import { encodeId } from './redis-stream-store.ts'

export interface WakeUps {
  subscribe(streamId: string): void
  unsubscribe(streamId: string): void
  close(): void
}

export interface OpenWakeUpsOptions {
  url: string
  prefix: string
  schema: string
  /** Something may have come; also once a subscription is there, for what came before it. */
  onWake(streamId: string): void
  /** Streams that are to be subscribed to after a connection was lost. */
  followed(): readonly string[]
}

export async function openWakeUps(options: OpenWakeUpsOptions): Promise<WakeUps> {
  const { url, prefix, schema, onWake, followed } = options
  const channelPrefix = `${prefix}:${schema}:wake:`
  let connection: RedisConnection | null = null

  const onMessage = (_message: string, channel: string): void =>
    onWake(decodeURIComponent(channel.slice(channelPrefix.length)))

  function subscribe(streamIds: readonly string[]): void {
    if (streamIds.length === 0) return
    const channels = streamIds.map((streamId) => channelPrefix + encodeId(streamId))
    connection
      ?.run((client) => client.subscribe(channels, onMessage))
      .then(
        () => {
          for (const streamId of streamIds) onWake(streamId)
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
    subscribe: (streamId) => subscribe([streamId]),
    unsubscribe(streamId) {
      connection
        .run((client) => client.unsubscribe(channelPrefix + encodeId(streamId), onMessage))
        .catch(() => undefined)
    },
    close: () => connection.close(),
  }
}
