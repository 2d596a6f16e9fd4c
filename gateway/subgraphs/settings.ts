// How the gateway deals with subgraphs, as its environment says: limits, patience, headers, and whose words clients see.
import { z } from 'zod'
import { ERROR_CATALOGUE } from '#shared/errors.ts'
import { secret } from '#shared/masking.ts'
import { millisecondsByName, readMillisecondsByName, type MillisecondsByName } from '../milliseconds-by-name.ts'
import { headerRulesVariable, NO_HEADER_RULES, type HeaderRules } from './header-rules.ts'

export interface SubgraphSettings {
  /** Longest wait for a subgraph's answer, with its retries, in milliseconds. */
  timeoutMs: MillisecondsByName
  /** Longest wait for a connection, in milliseconds. */
  connectTimeoutMs: number
  /** Fetches of one subgraph that are under way at the same time. */
  concurrency: number
  /** Fetches of one subgraph that wait for their turn. */
  queueLimit: number
  /** How often a query is sent again after a failure that may pass. */
  queryRetries: number
  /** Which part of the fetches of ten seconds must fail before a subgraph is left alone, in percent; and for how long it is then, in milliseconds. */
  circuit: { failurePercent: number; resetMs: number }
  /** Largest answer of a subgraph, in bytes. */
  responseLimitBytes: number
  /** Whether equal queries that are under way at the same time are fetched once. */
  isSharing: boolean
  headerRules: HeaderRules
  /** Codes of errors whose messages clients see as the subgraph wrote them; null: all. */
  shownErrorCodes: ReadonlySet<string> | null
}

const MEGABYTE = 1_000_000
const milliseconds = (fallback: number) => z.coerce.number().int().min(1).max(86_400_000).default(fallback)

/** Platform subgraphs have masked their messages already; that of a defect says nothing but where to look. */
const PLATFORM_CODES = Object.keys(ERROR_CATALOGUE).filter((code) => code !== 'INTERNAL_SERVER_ERROR')

export const subgraphTrafficVariables = {
  TRIBUTARY_GATEWAY_REQUEST_TIMEOUT_MS: milliseconds(120_000).describe(
    'Longest time for a query or mutation as a whole, in milliseconds. Subgraphs are told what is left of it. A client may ask for less with the header x-request-timeout-ms.',
  ),
  TRIBUTARY_GATEWAY_SUBGRAPH_TIMEOUT_MS: millisecondsByName('60000', { least: 1, example: 'models' }).describe(
    'Longest wait for the answer of a subgraph, in milliseconds; after it, those of single subgraphs: `60000,models=120000`.',
  ),
  TRIBUTARY_GATEWAY_CONNECT_TIMEOUT_MS: milliseconds(5000).describe(
    'Longest wait for a connection to a subgraph, in milliseconds.',
  ),
  TRIBUTARY_GATEWAY_SUBGRAPH_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .describe('Fetches of one subgraph that are under way at the same time.'),
  TRIBUTARY_GATEWAY_SUBGRAPH_QUEUE: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(1000)
    .describe('Fetches of one subgraph that may wait until others are done; further ones are refused.'),
  TRIBUTARY_GATEWAY_QUERY_RETRIES: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe(
      'How often a query is sent to a subgraph again after it closed an idle connection or answered 502, 503 or 504; its Retry-After is kept to. Mutations are sent once.',
    ),
  TRIBUTARY_GATEWAY_CIRCUIT_FAILURE_PERCENT: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(50)
    .describe(
      'A subgraph is left alone for a while when more than this part of its fetches of the last ten seconds, at least 20, failed in transport or with a status of 5xx, in percent; 100: never.',
    ),
  TRIBUTARY_GATEWAY_CIRCUIT_RESET_MS: milliseconds(5000).describe(
    'How long a failing subgraph is left alone before one fetch tries it again, in milliseconds.',
  ),
  TRIBUTARY_GATEWAY_RESPONSE_LIMIT_MB: z.coerce
    .number()
    .positive()
    .max(512)
    .default(64)
    .describe('Largest answer of a subgraph, in megabytes (1,000,000 bytes).'),
  TRIBUTARY_GATEWAY_SHARE_FETCHES: z
    .enum(['true', 'false'])
    .default('true')
    .describe(
      'Whether equal queries of equal callers to a subgraph, while one is under way, are sent once. Mutations never are, nor what goes to a subgraph whose set-cookie header rules pass to clients.',
    ),
  TRIBUTARY_GATEWAY_SHARE_OPERATIONS: z
    .enum(['true', 'false'])
    .default('false')
    .describe(
      'Whether equal queries of equal clients, while one is under way, are executed once. Mutations never are, and nothing where header rules pass set-cookie to clients.',
    ),
  TRIBUTARY_GATEWAY_HEADER_RULES: secret(headerRulesVariable.optional()).describe(
    'Which headers pass between clients and subgraphs, as JSON; see [gateway.md](gateway.md). Unset: none but those that trace a request.',
  ),
  TRIBUTARY_GATEWAY_SHOWN_ERROR_CODES: z
    .string()
    .optional()
    .describe(
      'Codes of errors whose messages clients see as the subgraph wrote them, separated by commas; `*`, for development: all. Unset: those of [errors.md](errors.md).',
    ),
}

export const trafficSchema = z.object(subgraphTrafficVariables)

/** Of variables that were read. */
export function subgraphSettings(configuration: z.output<typeof trafficSchema>): SubgraphSettings {
  const shown = configuration.TRIBUTARY_GATEWAY_SHOWN_ERROR_CODES
  return {
    timeoutMs: readMillisecondsByName(configuration.TRIBUTARY_GATEWAY_SUBGRAPH_TIMEOUT_MS),
    connectTimeoutMs: configuration.TRIBUTARY_GATEWAY_CONNECT_TIMEOUT_MS,
    concurrency: configuration.TRIBUTARY_GATEWAY_SUBGRAPH_CONCURRENCY,
    queueLimit: configuration.TRIBUTARY_GATEWAY_SUBGRAPH_QUEUE,
    queryRetries: configuration.TRIBUTARY_GATEWAY_QUERY_RETRIES,
    circuit: {
      failurePercent: configuration.TRIBUTARY_GATEWAY_CIRCUIT_FAILURE_PERCENT,
      resetMs: configuration.TRIBUTARY_GATEWAY_CIRCUIT_RESET_MS,
    },
    responseLimitBytes: Math.floor(configuration.TRIBUTARY_GATEWAY_RESPONSE_LIMIT_MB * MEGABYTE),
    isSharing: configuration.TRIBUTARY_GATEWAY_SHARE_FETCHES === 'true',
    headerRules: configuration.TRIBUTARY_GATEWAY_HEADER_RULES ?? NO_HEADER_RULES,
    shownErrorCodes: shown === '*' ? null : new Set(shown?.split(',').map((code) => code.trim()) ?? PLATFORM_CODES),
  }
}

/** What counts where nothing is set. */
export const defaultSubgraphSettings = (): SubgraphSettings => subgraphSettings(trafficSchema.parse({}))
