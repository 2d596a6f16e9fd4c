// One connection to Redis or Valkey that fails fast and heals itself. A command gets no answer for COMMAND_TIMEOUT_MS at the longest; once one
// got none, further ones are refused at once until the server answers a probe again, so that nothing piles up before a server that
// accepts and never answers. A connection that stays silent is replaced: its other end may be gone without a word.
import { createClient } from 'redis'
import { TributaryError } from './errors.ts'
import { STREAM_SCRIPTS } from './redis-stream-scripts.ts'

const CONNECT_TIMEOUT_MS = 2_000
const COMMAND_TIMEOUT_MS = 1_000
const PROBE_INTERVAL_MS = 500
const REPLACE_AFTER_MS = 10_000
const LONGEST_BACKOFF_MS = 1_000

export interface RedisConnection {
  /** Runs a command. Throws UPSTREAM_UNAVAILABLE or UPSTREAM_TIMED_OUT, retryable, or CAPACITY_EXCEEDED when the server's memory is full. */
  run<Result>(command: (client: RedisClient) => Promise<Result>): Promise<Result>
  close(): void
}

export interface OpenRedisConnectionOptions {
  /** `redis://user:password@host:port/database`, or `rediss://` for TLS. */
  url: string
  /** As the server lists its clients. */
  name: string
  /**
   * Called whenever a new socket is ready, the first included, and when a silent server answers again: what was subscribed to on the last one, or
   * was to be meanwhile, is to be subscribed to again.
   */
  onReady?: () => void
}

export type RedisClient = ReturnType<typeof createStreamClient>

/** Throws CONFIGURATION_INVALID for refused credentials, UPSTREAM_UNAVAILABLE for anything else that keeps it from being used. */
export async function openRedisConnection(options: OpenRedisConnectionOptions): Promise<RedisConnection> {
  const { url, name, onReady } = options
  let wasReady = false
  let isClosed = false
  let isStalled = false
  let lastAnswerAt = performance.now()
  let client = open()

  function open(): RedisClient {
    const opened = createStreamClient(url, name, () => wasReady)
    // Failures are told to whoever runs a command; without a listener they would end the process.
    opened.on('error', () => undefined)
    opened.on('ready', () => {
      wasReady = true
      if (opened !== client) return
      // It has just answered; what is run from here on must not be refused for the silence before.
      isStalled = false
      lastAnswerAt = performance.now()
      onReady?.()
    })
    return opened
  }

  try {
    await within(CONNECT_TIMEOUT_MS, client.connect())
    await within(COMMAND_TIMEOUT_MS, client.ping())
  } catch (cause) {
    client.destroy()
    throw connectError(cause)
  }

  let isProbing = false
  async function probe(): Promise<void> {
    if (isClosed || isProbing) return
    isProbing = true
    const probed = client
    if (performance.now() - lastAnswerAt > REPLACE_AFTER_MS) {
      lastAnswerAt = performance.now()
      client = open()
      probed.destroy()
      client.connect().catch(() => undefined)
    }
    await client.ping().then(
      () => {
        lastAnswerAt = performance.now()
        if (!isStalled) return
        isStalled = false
        onReady?.()
      },
      () => undefined,
    )
    isProbing = false
  }
  const timer = setInterval(() => {
    // A probe without an answer must not keep the replacement from coming.
    if (performance.now() - lastAnswerAt > REPLACE_AFTER_MS) isProbing = false
    void probe()
  }, PROBE_INTERVAL_MS)
  timer.unref()

  return {
    async run(command) {
      if (isClosed || isStalled || !client.isReady) throw unavailable()
      try {
        return await within(COMMAND_TIMEOUT_MS, command(client))
      } catch (cause) {
        if (cause instanceof SilentServer) isStalled = true
        throw commandError(cause)
      }
    },
    close() {
      isClosed = true
      clearInterval(timer)
      client.destroy()
    },
  }
}

function createStreamClient(url: string, name: string, wasReady: () => boolean) {
  return createClient({
    url,
    name,
    scripts: STREAM_SCRIPTS,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      // The first connection is tried once: whoever starts the process is told what is wrong.
      reconnectStrategy: (retries, cause) =>
        wasReady() ? Math.min(2 ** retries * 25, LONGEST_BACKOFF_MS) * (0.5 + Math.random() / 2) : cause,
    },
  })
}

class SilentServer extends Error {}

async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SilentServer(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, silence])
  } finally {
    clearTimeout(timer)
    // Whatever becomes of it later is nobody's concern any more.
    work.catch(() => undefined)
  }
}

const unavailable = (cause?: unknown) =>
  new TributaryError('UPSTREAM_UNAVAILABLE', 'Redis at REDIS_URL cannot be reached now. Try again.', { cause })

function commandError(cause: unknown): TributaryError {
  if (cause instanceof TributaryError) return cause
  if (cause instanceof SilentServer)
    return new TributaryError('UPSTREAM_TIMED_OUT', `Redis at REDIS_URL gave no answer: ${cause.message}.`, { cause })
  const message = messageOf(cause)
  // https://redis.io/docs/latest/develop/reference/eviction: what noeviction answers to writes. From within a script it comes with more words.
  if (/\bOOM\b/.test(message))
    return new TributaryError(
      'CAPACITY_EXCEEDED',
      'The memory of Redis at REDIS_URL is full. Raise its maxmemory, or try again when events have expired.',
      { cause },
    )
  if (/^(READONLY|LOADING|MASTERDOWN|MISCONF|BUSY|TRYAGAIN|CLUSTERDOWN|NOREPLICAS)\b|READONLY/.test(message))
    return new TributaryError('UPSTREAM_UNAVAILABLE', `Redis at REDIS_URL takes no writes now: ${message}`, { cause })
  // A script that may not is refused in other words, by versions before 7.2 without NOPERM.
  if (/^(NOAUTH|WRONGPASS)\b|NOPERM|user executing the script can't/.test(message)) return refused(message, cause)
  return unavailable(cause)
}

function connectError(cause: unknown): TributaryError {
  const message = messageOf(cause)
  if (/^(NOAUTH|WRONGPASS|NOPERM)\b|invalid password|AUTH.*without any password/i.test(message))
    return refused(message, cause)
  return new TributaryError('UPSTREAM_UNAVAILABLE', `Redis at REDIS_URL cannot be used: ${message}`, { cause })
}

const refused = (message: string, cause: unknown) =>
  new TributaryError(
    'CONFIGURATION_INVALID',
    `Redis at REDIS_URL refuses these credentials: ${message} Correct user and password in REDIS_URL, or what the user may do.`,
    { cause },
  )

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
