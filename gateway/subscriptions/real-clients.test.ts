// The clients that front ends use, each as its own documentation has it: what they make of results, of errors and of an end.
import { ApolloClient, gql, HttpLink, InMemoryCache, type ApolloLink } from '@apollo/client'
import { CombinedGraphQLErrors, CombinedProtocolErrors } from '@apollo/client/errors'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { Client as UrqlClient, fetchExchange, subscriptionExchange, type OperationResult } from '@urql/core'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWsClient } from 'graphql-ws'
import { afterAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startTwoSubgraphs, STREAM } from '../two-subgraphs.fixture.ts'

const { keys, started, untilStarted, nextEnd, url, close } = await startTwoSubgraphs({ host: '0.0.0.0' })
afterAll(close)

/** One thing that a client told: a result, as far as it has data, or what it failed with, as codes. */
type Told = { words: string | undefined; engine: string | undefined } | { codes: unknown[] } | 'complete'

interface Follower {
  name: string
  /** `leave` unsubscribes. */
  follow(secret: string, query: string, variables: object, tell: (told: Told) => void): { leave: () => void }
}

const dataOf = (data: any): Told => {
  const event = data.tokens ?? data.secretTokens
  return { words: event.words, engine: event.engine?.name }
}
const codesOf = (errors: readonly any[]): Told => ({ codes: errors.map(({ extensions }) => extensions?.code) })

function followWithApollo(link: (secret: string) => ApolloLink): Follower['follow'] {
  return (secret, query, variables, tell) => {
    const client = new ApolloClient({ link: link(secret), cache: new InMemoryCache() })
    const subscription = client
      .subscribe({ query: gql(query), variables, errorPolicy: 'all', fetchPolicy: 'no-cache' })
      .subscribe({
        next({ data, error }) {
          if (data) tell(dataOf(data))
          else if (CombinedGraphQLErrors.is(error) || CombinedProtocolErrors.is(error)) tell(codesOf(error.errors))
          else tell({ codes: [error?.message] })
        },
        error: (error: unknown) => tell({ codes: [String(error)] }),
        complete: () => tell('complete'),
      })
    return {
      leave() {
        subscription.unsubscribe()
        client.stop()
      },
    }
  }
}

function followWithUrql(client: (secret: string) => UrqlClient): Follower['follow'] {
  return (secret, query, variables, tell) => {
    const subscription = client(secret)
      .subscription(query, variables)
      .subscribe(({ data, error }: OperationResult) => {
        if (data) tell(dataOf(data))
        else tell(codesOf(error?.graphQLErrors ?? []))
      })
    return { leave: () => subscription.unsubscribe() }
  }
}

const wsUrl = url.replace('http', 'ws')
const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` })
const wsClient = (secret: string) =>
  createWsClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: bearer(secret) })

function followWithSink(
  subscribe: (secret: string, request: { query: string; variables: any }, sink: any) => () => void,
): Follower['follow'] {
  return (secret, query, variables, tell) => {
    const leave = subscribe(
      secret,
      { query, variables },
      {
        next: ({ data, errors }: any) => tell(data ? dataOf(data) : codesOf(errors)),
        error: (errors: unknown) => tell(Array.isArray(errors) ? codesOf(errors) : { codes: [String(errors)] }),
        complete: () => tell('complete'),
      },
    )
    return { leave }
  }
}

const FOLLOWERS: Follower[] = [
  { name: 'graphql-ws', follow: followWithSink((secret, request, sink) => wsClient(secret).subscribe(request, sink)) },
  {
    name: 'graphql-sse',
    follow: followWithSink((secret, request, sink) =>
      createSseClient({ url, headers: bearer(secret), retryAttempts: 0 }).subscribe(request, sink),
    ),
  },
  {
    name: 'Apollo Client, HttpLink',
    follow: followWithApollo((secret) => new HttpLink({ uri: url, headers: bearer(secret) })),
  },
  { name: 'Apollo Client, GraphQLWsLink', follow: followWithApollo((secret) => new GraphQLWsLink(wsClient(secret))) },
  {
    name: 'urql, fetchExchange',
    follow: followWithUrql(
      (secret) =>
        new UrqlClient({
          url,
          exchanges: [fetchExchange],
          fetchSubscriptions: true,
          preferGetMethod: false,
          fetchOptions: { headers: bearer(secret) },
        }),
    ),
  },
  {
    name: 'urql, subscriptionExchange with graphql-ws',
    follow: followWithUrql(
      (secret) =>
        new UrqlClient({
          url,
          preferGetMethod: false,
          exchanges: [
            subscriptionExchange({
              forwardSubscription: ({ query, variables }) => ({
                subscribe: (sink) => ({
                  unsubscribe: wsClient(secret).subscribe(
                    { query: query ?? '', variables: variables as Record<string, unknown> },
                    sink as never,
                  ),
                }),
              }),
            }),
          ],
        }),
    ),
  },
]

/** All that is told until the predicate holds. */
function collectUntil(
  { follow }: Follower,
  secret: string,
  query: string,
  variables: object,
  isLast: (told: Told[]) => boolean,
) {
  const told: Told[] = []
  const done = Promise.withResolvers<Told[]>()
  const { leave } = follow(secret, query, variables, (one) => {
    told.push(one)
    if (isLast(told)) done.resolve([...told])
  })
  return { told: done.promise.finally(leave), leave }
}

test.each(FOLLOWERS)('$name: results in order, each with its fields of the other subgraph', async (follower) => {
  const { told } = collectUntil(follower, 'viewer', STREAM, { count: 2 }, (so) => so.length === 3)
  const engine = 'Engine one'
  expect(await told).toEqual([{ words: 't1', engine }, { words: 't2', engine }, {}])
})

test.each(FOLLOWERS)('$name: what is refused is told with its code', async (follower) => {
  const query = 'subscription { secretTokens { sequence } }'
  for (const [secret, asked, code] of [
    ['viewer', query, 'FORBIDDEN'],
    ['viewer', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
  ] as const) {
    const { told } = collectUntil(follower, secret, asked, {}, (so) => so.length === 1)
    expect(await told).toEqual([{ codes: [code] }])
  }
})

test.each(FOLLOWERS)('$name: leaving a quiet stream ends it in the subgraph', async (follower) => {
  started.length = 0
  const { leave } = collectUntil(follower, 'viewer', STREAM, { count: 0 }, () => false)
  await untilStarted(1)
  const ended = nextEnd()
  leave()
  expect(await ended).toBe(0)
})

test.each(FOLLOWERS)('$name: a revoked key ends the stream with its code', async (follower) => {
  const secret = `leaving-${FOLLOWERS.indexOf(follower)}`
  keys.set(secret, ['VIEWER'])
  started.length = 0
  const { told } = collectUntil(follower, secret, STREAM, { count: 0 }, (so) => so.length === 1)
  await untilStarted(1)
  keys.delete(secret)
  expect(await told).toEqual([{ codes: ['UNAUTHENTICATED'] }])
})
