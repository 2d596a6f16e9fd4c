// Which headers pass between clients and subgraphs, as the operator wrote it down, checked once. A rule names what it does, to which subgraphs;
// later rules work on what earlier ones left. Without rules nothing passes but what the gateway itself sends.
import { z } from 'zod'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import { REMAINING_HEADER } from './deadline.ts'

export interface HeaderRule {
  /** Names of headers to pass on as they are. */
  forward?: readonly string[] | undefined
  /** The same for every name that matches; never cookies or credentials. */
  forwardMatching?: RegExp | undefined
  /** Passed on under another name: from → to. */
  rename?: Readonly<Record<string, string>> | undefined
  /** Values sent whatever came in. */
  set?: Readonly<Record<string, string>> | undefined
  /** Names taken out of what earlier rules passed. */
  strip?: readonly string[] | undefined
  /** Names of subgraphs; undefined: all. */
  subgraphs?: readonly string[] | undefined
}

export interface HeaderRules {
  /** From the client to subgraphs. */
  request: readonly HeaderRule[]
  /** From subgraphs to the client. */
  response: readonly HeaderRule[]
}

export const NO_HEADER_RULES: HeaderRules = { request: [], response: [] }

/** Of one connection or one message (RFC 9110, 7.6.1), and what the gateway decides itself. */
const OF_THE_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'content-type',
  'content-encoding',
  IDENTITY_HEADER,
  'x-request-id',
  REMAINING_HEADER,
  'traceparent',
  'tracestate',
]
const NEVER_IN_REQUESTS = new Set([...OF_THE_HOP, 'host', 'accept', 'accept-encoding', 'expect'])
const NEVER_IN_RESPONSES = new Set(OF_THE_HOP)
/** A pattern does not say whose secrets it means. */
const BY_NAME_ONLY = new Set(['authorization', 'cookie', 'set-cookie'])

export type Direction = keyof HeaderRules

const never = (direction: Direction, name: string): boolean =>
  (direction === 'request' ? NEVER_IN_REQUESTS : NEVER_IN_RESPONSES).has(name) || name.startsWith('sec-websocket-')

/** Whether a pattern may mean this header. */
export const mayMatch = (direction: Direction, name: string): boolean =>
  !never(direction, name) && !BY_NAME_ONLY.has(name)

/** Whether a rule for responses may give a client a cookie: it may begin a session, which is nobody else's. */
export const givesCookie = ({ forward = [], rename = {}, set = {} }: HeaderRule): boolean =>
  forward.includes('set-cookie') || Object.values(rename).includes('set-cookie') || 'set-cookie' in set

const headerName = (direction: Direction) =>
  z
    .string()
    .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'expected the name of a header')
    .transform((name) => name.toLowerCase())
    .refine((name) => !never(direction, name), 'the gateway decides about this header itself')

const ruleSchema = (direction: Direction) =>
  z
    .strictObject({
      forward: z.array(headerName(direction)).min(1).optional(),
      forwardMatching: z
        .string()
        .transform((source, context) => {
          try {
            return new RegExp(source, 'i')
          } catch {
            context.addIssue('expected a regular expression')
            return z.NEVER
          }
        })
        .optional(),
      rename: z.record(headerName(direction), headerName(direction)).optional(),
      set: z
        .record(
          headerName(direction),
          // oxlint-disable-next-line no-control-regex -- those are what it is about
          z.string().regex(/^[^\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]*$/, 'expected one line of Latin-1 text'),
        )
        .optional(),
      strip: z.array(headerName(direction)).min(1).optional(),
      subgraphs: z.array(z.string().min(1)).min(1).optional(),
    })
    .refine(
      (rule) => Object.keys(rule).some((key) => key !== 'subgraphs'),
      'expected forward, forwardMatching, rename, set or strip',
    )

const rulesSchema = z.strictObject({
  request: z.array(ruleSchema('request')).default([]),
  response: z.array(ruleSchema('response')).default([]),
})

/** A variable that holds the rules as JSON. What is wrong with them is told with its place: `request[0].forward[1]`. */
export const headerRulesVariable = z.string().transform((text, context): HeaderRules => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    context.addIssue(`expected JSON (${(error as Error).message})`)
    return z.NEVER
  }
  const result = rulesSchema.safeParse(parsed)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    // What is wrong with a key is told one level further down.
    const message = (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message
    context.addIssue(issue.path.length === 0 ? message : `at ${placeOf(issue.path)}: ${message}`)
  }
  return z.NEVER
})

const placeOf = (path: readonly PropertyKey[]): string =>
  path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('')
