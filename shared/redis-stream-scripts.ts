// What the stream log does in Redis, each as one atomic Lua script (Redis 6.2 has no functions yet; EVALSHA, and EVAL where the server does
// not know the script).
//
// A stream is two keys: a hash of its state (incarnation, last, closed, seal, outbox, lost) and a Redis stream with the entries
// `<sequence>-0`, each `t` (milliseconds since 1970) and `p` (JSON). Scripts write the first entry before anything else: a full server
// refuses that and has changed nothing.
import { defineScript, type CommandParser } from 'redis'

export interface StreamKeys {
  state: string
  entries: string
  /** Where followers are woken. */
  channel: string
}

export interface AppendRequest {
  keys: StreamKeys
  payloads: readonly string[]
  isLast: boolean
  /** The sequence number of the first payload; null for the next one. */
  first: number | null
  /** The row that is relayed, which is applied once; null for a direct append. */
  outbox: { id: number; occurredAtMs: number } | null
  /** What must be there: fewer events, or another incarnation, mean that Redis has lost some. */
  known: { incarnation: string | null; lastSequence: number }
  /** A seal that was found to be of a transaction that has ended. */
  liftedSeal: string | null
  /** Of a stream that begins with this. */
  newIncarnation: string
  maximumLength: number
  closedLifetimeMs: number
}

export type AppendReply =
  | { outcome: 'appended'; incarnation: string; lastSequence: number }
  | { outcome: 'closed' }
  | { outcome: 'lost' }
  /** Other events are where these belong. */
  | { outcome: 'taken' }
  /** By a transaction that closes the stream and was open then: PostgreSQL knows how it ended. */
  | { outcome: 'sealed'; seal: string }

const KEEP_LOSS = `
local function lose(ttl)
  redis.call('HSET', KEYS[1], 'lost', '1')
  redis.call('HDEL', KEYS[1], 'incarnation', 'last', 'closed', 'seal', 'outbox')
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('UNLINK', KEYS[2])
end`

const APPEND = `${KEEP_LOSS}
local channel, outbox, occurredAt, incarnation, required, lifted = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local isLast, maximumLength, ttl, newIncarnation, first = ARGV[7] == '1', ARGV[8], ARGV[9], ARGV[10], tonumber(ARGV[11])
local state = redis.call('HMGET', KEYS[1], 'incarnation', 'last', 'closed', 'seal', 'outbox', 'lost')
local last = tonumber(state[2] or '0')
if state[6] then return {'lost'} end
if outbox ~= '' and state[5] and tonumber(state[5]) >= tonumber(outbox) then return {'appended', state[1], last} end
if last < required or (incarnation ~= '' and incarnation ~= state[1]) then
  lose(ttl)
  redis.call('PUBLISH', channel, '')
  return {'lost'}
end
if state[3] then return {'closed'} end
if first and last >= first then
  for index = 12, #ARGV do
    local id = string.format('%d-0', first + index - 12)
    local entry = redis.call('XRANGE', KEYS[2], id, id)[1]
    if not entry or entry[2][4] ~= ARGV[index] then return {'taken'} end
  end
  return {'appended', state[1], last}
end
if outbox == '' and state[4] and state[4] ~= lifted then return {'sealed', state[4]} end
if occurredAt == '' then
  local time = redis.call('TIME')
  occurredAt = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
end
if not state[1] and redis.call('EXISTS', KEYS[2]) == 1 then redis.call('UNLINK', KEYS[2]) end
for index = 12, #ARGV do
  last = last + 1
  redis.call('XADD', KEYS[2], string.format('%d-0', last), 't', occurredAt, 'p', ARGV[index])
end
if not state[1] then redis.call('PERSIST', KEYS[1]) end
local current = state[1] or newIncarnation
redis.call('HSET', KEYS[1], 'incarnation', current, 'last', string.format('%d', last))
if outbox ~= '' then redis.call('HSET', KEYS[1], 'outbox', outbox) elseif state[4] then redis.call('HDEL', KEYS[1], 'seal') end
if #ARGV > 11 then redis.call('XTRIM', KEYS[2], 'MAXLEN', '~', maximumLength) end
if isLast then
  redis.call('HSET', KEYS[1], 'closed', '1')
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('PEXPIRE', KEYS[2], ttl)
end
redis.call('PUBLISH', channel, '')
return {'appended', current, last}`

const READ = `
local state = redis.call('HMGET', KEYS[1], 'incarnation', 'last', 'closed', 'outbox', 'lost')
local reply = {state[1] or '', state[2] or '', state[3] or '', state[4] or '', state[5] or ''}
if not state[2] then return reply end
local position, count, bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
while count > 0 and bytes > 0 do
  local size = math.min(count, 50)
  local page = redis.call('XRANGE', KEYS[2], string.format('%d-0', position + 1), '+', 'COUNT', size)
  for _, entry in ipairs(page) do
    if bytes <= 0 then return reply end
    local sequence = string.match(entry[1], '^%d+')
    reply[#reply + 1] = sequence
    reply[#reply + 1] = entry[2][2]
    reply[#reply + 1] = entry[2][4]
    position = tonumber(sequence)
    bytes = bytes - #entry[2][4]
  end
  if #page < size then return reply end
  count = count - size
end
return reply`

const SEAL = `
local state = redis.call('HMGET', KEYS[1], 'last', 'closed', 'lost')
if state[2] or state[3] then return 0 end
redis.call('HSET', KEYS[1], 'seal', ARGV[1])
if not state[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`

export interface ReadReply {
  state: { incarnation: string; lastSequence: number; isClosed: boolean } | null
  isLost: boolean
  /** The last outbox row that is in it; 0 without. */
  outboxId: number
  events: { sequence: number; occurredAt: Date; payload: string }[]
}

export const STREAM_SCRIPTS = {
  appendEvents: defineScript({
    SCRIPT: APPEND,
    NUMBER_OF_KEYS: 2,
    parseCommand(parser: CommandParser, request: AppendRequest) {
      const { keys, outbox, known, liftedSeal, isLast, first, payloads } = request
      parser.pushKeys([keys.state, keys.entries])
      parser.push(
        keys.channel,
        outbox === null ? '' : String(outbox.id),
        outbox === null ? '' : String(outbox.occurredAtMs),
        known.incarnation ?? '',
        String(known.lastSequence),
        liftedSeal ?? '',
        isLast ? '1' : '0',
        String(request.maximumLength),
        String(request.closedLifetimeMs),
        request.newIncarnation,
        first === null ? '' : String(first),
      )
      for (const payload of payloads) parser.push(payload)
    },
    transformReply(reply: unknown): AppendReply {
      const [outcome, first, second] = reply as [AppendReply['outcome'], string, number]
      if (outcome === 'appended') return { outcome, incarnation: first, lastSequence: second }
      return outcome === 'sealed' ? { outcome, seal: first } : { outcome }
    },
  }),
  /** What comes behind `after`: at most `count` events, and none behind the one that reaches `bytes`. */
  readEvents: defineScript({
    SCRIPT: READ,
    NUMBER_OF_KEYS: 2,
    IS_READ_ONLY: true,
    parseCommand(parser: CommandParser, keys: StreamKeys, after: number, count: number, bytes: number) {
      parser.pushKeys([keys.state, keys.entries])
      parser.push(String(after), String(count), String(bytes))
    },
    transformReply(reply: unknown): ReadReply {
      const [incarnation, last, closed, outbox, lost, ...fields] = reply as string[]
      const events: ReadReply['events'] = []
      for (let index = 0; index < fields.length; index += 3)
        events.push({
          sequence: Number(fields[index]),
          occurredAt: new Date(Number(fields[index + 1])),
          payload: fields[index + 2]!,
        })
      return {
        state: last ? { incarnation: incarnation!, lastSequence: Number(last), isClosed: closed === '1' } : null,
        isLost: lost === '1',
        outboxId: Number(outbox),
        events,
      }
    },
  }),
  /** From here on direct appends are refused as `sealed`, until the stream is closed or one lifts the seal. */
  sealStream: defineScript({
    SCRIPT: SEAL,
    NUMBER_OF_KEYS: 1,
    parseCommand(parser: CommandParser, keys: StreamKeys, seal: string, lifetimeMs: number) {
      parser.pushKey(keys.state)
      parser.push(seal, String(lifetimeMs))
    },
    transformReply: (reply: unknown) => reply === 1,
  }),
}
