// Redis as the stream log will find it: reachable, new enough, with leave to do what the log does, and keeping what it was given.
import { randomUUID } from 'node:crypto'
import { checkConfiguration } from '#shared/configuration.ts'
import { TributaryError } from '#shared/errors.ts'
import { maskPasswords } from '#shared/masking.ts'
import type { RedisConnection } from '#shared/redis-connection.ts'
import { createRedisStreamStore, KEY_PREFIX } from '#shared/redis-stream-store.ts'
import { failed, ok, skipped, warning, type Check, type Finding } from '../../../contracts/doctor.ts'
import { judgeClockSkew, judgeStoreVersion } from '../../../contracts/judge-store.ts'
import { processRoleSchema } from '../../../contracts/platform.ts'
import { deepestReason, isMisconfigured, storeChecks, type StoreExamination } from '../../../contracts/store-checks.ts'
import type { OpenDoctorContext } from '../context.ts'

const OLDEST = { oldest: '6.2', why: 'which the stream log is not made for' }
/** What a check that is killed half-way leaves behind is gone after this. */
const PROBE_LIFETIME_MS = 60_000
const FULL_SHARE = 0.9

/** Of `INFO`, by the names of its fields; null where this user may not ask. */
export type RedisInfo = Readonly<Record<string, string>>

interface OpenRedis {
  /** Opens another connection. */
  connect(name: string): Promise<RedisConnection>
  connection: RedisConnection
  info: RedisInfo | null
}

/** None where REDIS_URL is not set: events are in PostgreSQL then. */
export function redisChecks({ environment }: Pick<OpenDoctorContext, 'environment'>): Check[] {
  const outcome = checkConfiguration(processRoleSchema.pick({ REDIS_URL: true }), environment)
  // What is wrong with it is said by the check of the configuration.
  if ('problems' in outcome || outcome.configuration.REDIS_URL === undefined) return []
  const url = outcome.configuration.REDIS_URL
  const place = maskPasswords(url)
  return storeChecks({
    subject: 'Redis',
    listener: { url, defaultPort: 6_379 },
    stages: { reachable: place, credentials: 'accepted' },
    looks: ['version', 'writable', 'memory', 'persistence', 'clock'],
    async load(): Promise<StoreExamination<OpenRedis, 'version' | 'writable' | 'memory' | 'persistence' | 'clock'>> {
      const { openRedisConnection } = await import('#shared/redis-connection.ts')
      const connect = (name: string) => openRedisConnection({ url, name })
      return {
        async open() {
          const connection = await connect('tributary-doctor')
          return { connect, connection, info: await readInfo(connection) }
        },
        explain: (error) => explain(error, place),
        close: ({ connection }) => connection.close(),
        looks: {
          version: ({ info }) => (info === null ? unknown : judgeRedisVersion(info)),
          writable: checkWritable,
          memory: ({ info }) => (info === null ? unknown : judgeMemory(info)),
          persistence: ({ info }) => (info === null ? unknown : judgePersistence(info)),
          clock: checkClock,
        },
      }
    },
  })
}

const unknown = skipped('not known: this user may not ask for it (INFO)')

function explain(error: unknown, place: string): { stage: string; finding: Finding } {
  if (isMisconfigured(error)) {
    const finding = failed(`refused: ${deepestReason(error)}`, 'Correct user and password in REDIS_URL.')
    return { stage: 'credentials', finding }
  }
  const { hostname, port } = new URL(place)
  const remedy = `See that Redis runs at ${hostname}:${port || 6379} and listens for this machine (bind, protected-mode, firewall), or correct REDIS_URL.`
  return { stage: 'reachable', finding: failed(`${place}: ${deepestReason(error)}`, remedy) }
}

async function readInfo(connection: RedisConnection): Promise<RedisInfo | null> {
  try {
    const text = await connection.run((client) => client.info())
    return Object.fromEntries([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name!, value!]))
  } catch (error) {
    if (isMisconfigured(error)) return null
    throw error
  }
}

export function judgeRedisVersion(info: RedisInfo): Finding {
  if (info['redis_mode'] === 'cluster')
    return failed(
      'a Redis Cluster, which has the keys of one stream in several places',
      'Point REDIS_URL at a single primary, with replicas if wanted.',
    )
  // Valkey says for which Redis it can be taken, too.
  const { valkey_version: valkey, redis_version: redis = '' } = info
  const judged = judgeStoreVersion(redis, OLDEST)
  return valkey !== undefined && judged.status === 'ok' ? ok(`Valkey ${valkey}`) : judged
}

/** Does what the log does, on a stream that no workspace has, and takes it away again. */
async function checkWritable({ connect, connection }: OpenRedis): Promise<Finding> {
  const schema = 'doctor'
  const store = createRedisStreamStore({
    connection,
    prefix: KEY_PREFIX,
    schema,
    maximumLength: 1,
    closedLifetimeMs: PROBE_LIFETIME_MS,
  })
  const keys = store.keysOf(schema, randomUUID())
  const lone = { ...keys, state: `${keys.state}:epoch` }
  const lifetime = { type: 'PX', value: PROBE_LIFETIME_MS } as const
  let listener: RedisConnection | null = null
  try {
    await store.append(keys, ['{}'], { outbox: null, isLast: true, first: null, liftedSeal: null, leastSequence: 0 })
    await store.readPage(keys, 0)
    await connection.run((client) => client.set(lone.state, schema, { expiration: lifetime }))
    await connection.run((client) => client.get(lone.state))
    listener = await connect('tributary-doctor-wake')
    await listener.run((client) => client.subscribe(keys.channel, () => undefined))
    await store.remove([keys, lone])
    return ok('a stream was written, read, listened to and deleted')
  } catch (error) {
    await store.remove([keys, lone]).catch(() => undefined)
    return explainRefusal(error)
  } finally {
    listener?.close()
  }
}

function explainRefusal(error: unknown): Finding {
  const why = deepestReason(error)
  if (isMisconfigured(error))
    return failed(
      `not allowed: ${why}`,
      `Allow the user of REDIS_URL what the stream log does: ACL SETUSER … ~${KEY_PREFIX}:* &${KEY_PREFIX}:* +@all -@admin -@dangerous.`,
    )
  if (/READONLY/.test(why)) return failed('it is a replica, which can only be read', 'Point REDIS_URL at the primary.')
  if (error instanceof TributaryError && error.code === 'CAPACITY_EXCEEDED')
    return failed('its memory is full (maxmemory)', 'Raise maxmemory, or remove what others keep there.')
  if (/MISCONF/.test(why))
    return failed(
      'it cannot write to its disk, and takes no writes therefore',
      'Free some space where Redis has its dir.',
    )
  return failed(why, 'See what Redis says in its log.')
}

export function judgeMemory(info: RedisInfo): Finding {
  const [used, limit, total] = ['used_memory', 'maxmemory', 'total_system_memory'].map((name) =>
    Number(info[name] ?? 0),
  )
  const policy = info['maxmemory_policy'] ?? 'noeviction'
  const words = limit! > 0 ? `${mebibytes(used!)} used of ${mebibytes(limit!)}` : `${mebibytes(used!)} used, no limit`
  if (policy !== 'noeviction')
    return warning(
      `${words}; maxmemory-policy is ${policy}: events are dropped when the memory is full`,
      'Set maxmemory-policy to noeviction, and give the platform a Redis that is no cache.',
    )
  const most = limit! > 0 ? limit! : total!
  if (most > 0 && used! > most * FULL_SHARE)
    return warning(
      `${words}: nearly full (of ${mebibytes(most)})`,
      'Raise maxmemory, or give Redis a machine with more memory.',
    )
  return ok(`${words}, ${policy}`)
}

export function judgePersistence(info: RedisInfo): Finding {
  const isBroken = info['aof_last_write_status'] === 'err' || info['rdb_last_bgsave_status'] === 'err'
  if (isBroken)
    return failed('the last write to its disk failed', 'See its log, and free some space where Redis has its dir.')
  if (info['aof_enabled'] === '1') return ok('append-only file')
  return warning(
    'no append-only file: a restart loses the events of what is running then',
    'Set appendonly to yes in the configuration of Redis.',
  )
}

async function checkClock({ connection }: OpenRedis): Promise<Finding> {
  const before = Date.now()
  let now: Date
  try {
    const [seconds, microseconds] = await connection.run((client) => client.sendCommand<[string, string]>(['TIME']))
    now = new Date(Number(seconds) * 1000 + Number(microseconds) / 1000)
  } catch (error) {
    if (isMisconfigured(error)) return skipped('not known: this user may not ask for it (TIME)')
    throw error
  }
  const skewMs = now.getTime() - (before + Date.now()) / 2
  return judgeClockSkew(skewMs, {
    warnFromMs: 1_000,
    why: 'events have the time of Redis, all else that of PostgreSQL',
  })
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2).toLocaleString('en')} MiB`
