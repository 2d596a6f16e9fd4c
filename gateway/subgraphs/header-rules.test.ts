// What the rules say, and what no rule can.
import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, test } from 'vitest'
import { readConfiguration } from '#shared/configuration.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import { headersOf } from './apply-header-rules.ts'
import { createClientHeaders } from './client-headers.ts'
import { subgraphSettings, trafficSchema } from './settings.ts'

const rulesOf = (rules: unknown) =>
  subgraphSettings(
    readConfiguration(trafficSchema, {
      TRIBUTARY_GATEWAY_HEADER_RULES: typeof rules === 'string' ? rules : JSON.stringify(rules),
    }),
  ).headerRules

const toSubgraph = (request: unknown[], headers: IncomingHttpHeaders, subgraph = 'a') =>
  Object.fromEntries(headersOf(subgraph, rulesOf({ request })).toSubgraph(headers))

function toClient(response: unknown[], ...answers: [subgraph: string, headers: IncomingHttpHeaders][]) {
  const rules = rulesOf({ response })
  const client = createClientHeaders()
  for (const [subgraph, headers] of answers) headersOf(subgraph, rules).toClient(headers, client)
  return Object.fromEntries(client.entries())
}

describe('from the client to subgraphs', () => {
  const came = {
    'accept-language': 'de',
    'x-app-a': '1',
    'x-app-b': '2',
    'x-user': 'u',
    host: 'h',
    authorization: 'Bearer s',
  }

  test('nothing passes without a rule', () => {
    expect(toSubgraph([], came)).toEqual({})
  })

  test('by name, by pattern, under another name, as a value', () => {
    expect(toSubgraph([{ forward: ['Accept-Language', 'x-missing'] }], came)).toEqual({ 'accept-language': 'de' })
    expect(toSubgraph([{ forwardMatching: '^X-App-' }], came)).toEqual({ 'x-app-a': '1', 'x-app-b': '2' })
    expect(toSubgraph([{ rename: { 'x-user': 'x-end-user' } }], came)).toEqual({ 'x-end-user': 'u' })
    expect(toSubgraph([{ set: { 'x-from': 'gateway' } }], came)).toEqual({ 'x-from': 'gateway' })
  })

  test('later rules work on what earlier ones left, each for its subgraphs', () => {
    const rules = [
      { forwardMatching: '^x-' },
      { strip: ['x-app-a'], subgraphs: ['a'] },
      { set: { 'x-user': 'hidden' }, subgraphs: ['b'] },
    ]
    expect(toSubgraph(rules, came, 'a')).toEqual({ 'x-app-b': '2', 'x-user': 'u' })
    expect(toSubgraph(rules, came, 'b')).toEqual({ 'x-app-a': '1', 'x-app-b': '2', 'x-user': 'hidden' })
  })

  test('credentials pass by name, not by a pattern', () => {
    expect(toSubgraph([{ forwardMatching: '.*' }], { ...came, cookie: 'c=1' })).not.toHaveProperty('authorization')
    expect(toSubgraph([{ forwardMatching: '.*' }], { cookie: 'c=1' })).toEqual({})
    expect(toSubgraph([{ forward: ['authorization', 'cookie'] }], { ...came, cookie: 'c=1' })).toEqual({
      authorization: 'Bearer s',
      cookie: 'c=1',
    })
  })

  test('no pattern reaches what belongs to the hop, or names an identity', () => {
    const hop = {
      [IDENTITY_HEADER]: 'forged',
      host: 'h',
      connection: 'keep-alive, X-Secret-Hop',
      'x-secret-hop': '1',
      'content-length': '3',
      'transfer-encoding': 'chunked',
      te: 'trailers',
      'x-request-id': 'r',
      traceparent: 't',
      'sec-websocket-key': 'k',
    }
    expect(toSubgraph([{ forwardMatching: '.*' }], { ...hop, 'x-fine': '1' })).toEqual({ 'x-fine': '1' })
    expect(toSubgraph([{ forward: ['x-secret-hop'] }], hop)).toEqual({})
  })

  test('names of prototypes are names', () => {
    expect(toSubgraph([{ forward: ['constructor', '__proto__'] }], {})).toEqual({})
  })
})

describe('from subgraphs to the client', () => {
  test('cookies of all are kept, of other headers the last', () => {
    expect(
      toClient(
        [{ forward: ['set-cookie', 'x-cost'] }],
        ['a', { 'set-cookie': ['a=1', 'b=2'], 'x-cost': '1' }],
        ['b', { 'set-cookie': ['c=3'], 'x-cost': '2', 'x-other': 'n' }],
      ),
    ).toEqual({ 'set-cookie': ['a=1', 'b=2', 'c=3'], 'x-cost': '2' })
  })

  test('a rule for one subgraph takes nothing from another', () => {
    const rules = [{ forwardMatching: '^x-' }, { strip: ['x-cost'], rename: { 'x-old': 'x-new' }, subgraphs: ['b'] }]
    expect(toClient(rules, ['a', { 'x-cost': '1', 'x-old': 'o' }], ['b', { 'x-cost': '2', 'x-old': 'p' }])).toEqual({
      'x-cost': '1',
      'x-old': 'o',
      'x-new': 'p',
    })
  })

  test('no pattern passes cookies, or what belongs to the hop', () => {
    const answered = {
      'set-cookie': ['a=1'],
      'content-type': 'x',
      'content-length': '1',
      connection: 'close',
      'x-a': '1',
    }
    expect(toClient([{ forwardMatching: '.*' }], ['a', answered])).toEqual({ 'x-a': '1' })
  })
})

describe('what is wrong is told with its place', () => {
  test.each([
    ['{', 'expected JSON'],
    [{ request: [{ forward: ['x-a', 'x b'] }] }, 'at request[0].forward[1]: expected the name of a header'],
    [
      { request: [{ forward: [IDENTITY_HEADER] }] },
      'at request[0].forward[0]: the gateway decides about this header itself',
    ],
    [{ request: [{}] }, 'at request[0]: expected forward'],
    [{ request: [{ set: { Host: 'x' } }] }, 'at request[0].set.Host: the gateway decides about this header itself'],
    [{ request: [{ rename: { 'x-a': 'content-length' } }] }, 'at request[0].rename.x-a: the gateway decides'],
    [{ response: [{ forwardMatching: '(' }] }, 'at response[0].forwardMatching: expected a regular expression'],
    [{ response: [{ set: { 'x-a': 'two\nlines' } }] }, 'at response[0].set.x-a: expected one line'],
    [{ response: [{ foward: ['x'] }] }, 'at response[0]: Unrecognized key'],
    [{ requests: [] }, 'Unrecognized key'],
  ])('%j', (rules, message) => {
    expect(() => rulesOf(rules)).toThrow(message)
    expect(() => rulesOf(rules)).toThrow('TRIBUTARY_GATEWAY_HEADER_RULES')
  })

  test('values, which may be secrets, are not shown', () => {
    const rules = { request: [{ set: { authorization: 'Bearer s3cret', host: 'x' } }] }
    let message = ''
    try {
      rulesOf(rules)
    } catch (error) {
      message = (error as Error).message
    }
    expect(message).toContain('the gateway decides about this header itself')
    expect(message).not.toContain('s3cret')
  })
})
