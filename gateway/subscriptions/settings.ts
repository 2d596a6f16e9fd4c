// How subscriptions are run, as the environment says.
import { z } from 'zod'
import { millisecondsByName, readMillisecondsByName, type MillisecondsByName } from '../milliseconds-by-name.ts'

export interface SubscriptionSettings {
  /** How long later events may show what an earlier one was told of an entity, by its type; in milliseconds, 0: not at all. */
  entityMemoMs: MillisecondsByName
  /** Longest total of the events of one that wait for a client to read, in bytes. */
  waitingBytesMax: number
  /** How long a stream over HTTP may be quiet before a sign of life is sent, in milliseconds. */
  heartbeatMs: number
}

export const subscriptionVariables = {
  TRIBUTARY_GATEWAY_ENTITY_MEMO_MS: millisecondsByName('1000', { least: 0, example: 'Model' }).describe(
    'How long events of a subscription may show what an earlier event of it was told of an entity, in milliseconds; 0: each event asks again. After it, for single types: `1000,Model=60000`.',
  ),
  TRIBUTARY_GATEWAY_WAITING_EVENTS_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .max(1024 ** 3)
    .default(4 * 1024 ** 2)
    .describe(
      'How many bytes of events of one subscription may wait for a client that reads slowly; beyond it the subscription ends with `CLIENT_TOO_SLOW`.',
    ),
  TRIBUTARY_GATEWAY_HEARTBEAT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(10_000)
    .describe(
      'How long a subscription over HTTP (server-sent events, multipart) may be quiet before a sign of life is sent, in milliseconds.',
    ),
}

/** Of the platform's graph: what does not change while a stream runs, unless the configuration has it otherwise. */
export const PLATFORM_MEMO_MS: ReadonlyMap<string, number> = new Map([['Model', 60_000]])

/** Of variables that were read. `usual`: of types that they do not name. */
export function subscriptionSettings(
  configuration: { [Name in keyof typeof subscriptionVariables]: z.output<(typeof subscriptionVariables)[Name]> },
  usual: ReadonlyMap<string, number> = new Map(),
): SubscriptionSettings {
  const { default: others, of } = readMillisecondsByName(configuration.TRIBUTARY_GATEWAY_ENTITY_MEMO_MS)
  return {
    entityMemoMs: { default: others, of: new Map([...usual, ...of]) },
    waitingBytesMax: configuration.TRIBUTARY_GATEWAY_WAITING_EVENTS_BYTES,
    heartbeatMs: configuration.TRIBUTARY_GATEWAY_HEARTBEAT_MS,
  }
}

/** What counts where nothing is set. */
export const DEFAULT_SUBSCRIPTIONS: SubscriptionSettings = {
  entityMemoMs: { default: 1_000, of: new Map() },
  waitingBytesMax: 4 * 1024 ** 2,
  heartbeatMs: 10_000,
}
