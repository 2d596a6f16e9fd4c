// Plans that are made for callers who may not read all of an operation are told of like any other: whether one was kept, and how long one took to make.
import compositionLibrary from '@apollo/composition'
import { parse } from 'graphql'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLogger } from '#shared/logger.ts'
import { createIdentitySigner } from '../../contracts/identity.ts'
import { createAuthenticator } from '../auth/authenticate.ts'
import { startGatewayServer, type RunningGateway } from '../server.ts'
import { startDouble, type SubgraphDouble } from '../subgraphs/subgraph-double.fixture.ts'
import { createFileSource } from '../supergraph/file-source.ts'

const SDL = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@requiresScopes"])
  type Query { open: String closed: String @requiresScopes(scopes: [["all"]]) }`

let double: SubgraphDouble
let gateway: RunningGateway
let directory: string
const queries: string[] = []

beforeAll(async () => {
  double = await startDouble(({ body, answer }) => {
    queries.push(body.query)
    answer({ data: { open: 'o', closed: 'c' } })
  })
  const composed = compositionLibrary.composeServices([{ name: 'things', url: double.url, typeDefs: parse(SDL) }])
  directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-gateway-'))
  const file = path.join(directory, 'supergraph.graphql')
  await writeFile(file, composed.supergraphSdl!)
  const logger = createLogger({ name: 'test', level: 'silent' })
  gateway = await startGatewayServer({
    host: '127.0.0.1',
    port: 0,
    corsOrigins: [],
    supergraphSource: createFileSource({ file, logger }),
    subgraphUrl: () => undefined,
    asksSubgraphsIfReady: false,
    exampleOperations: [],
    uploadOrigin: null,
    authentication: {
      signer: createIdentitySigner({ key: 'k'.repeat(32) }),
      authenticator: createAuthenticator({
        accounts: {
          authenticate: async (secret) => ({
            workspaceId: 'ws_1',
            subject: secret,
            roles: ['ADMIN'],
            scopes: secret === 'all' ? ['all'] : [],
          }),
        },
      }),
    },
    logger,
  })
})
afterAll(async () => {
  await gateway.close()
  await double.close()
  await rm(directory, { recursive: true, force: true })
})

async function ask(secret: 'some' | 'all') {
  queries.length = 0
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${secret}`,
      'tributary-query-plan': 'true',
    },
    body: JSON.stringify({ query: '{ open closed }' }),
  })
  const { extensions } = (await response.json()) as {
    extensions: { queryPlan: { isCached: boolean }; timings: { planMs: number | null } }
  }
  return { isCached: extensions.queryPlan.isCached, planMs: extensions.timings.planMs, queries: [...queries] }
}

async function figures() {
  const text = await (await fetch(`${gateway.origin}/metrics`)).text()
  const figure = (series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`tributary_gateway_${series} `))
        ?.split(' ')[1] ?? 0,
    )
  return {
    hits: figure('cache_lookups_total{cache="plan",result="hit"}'),
    misses: figure('cache_lookups_total{cache="plan",result="miss"}'),
    planned: figure('planning_duration_seconds_count'),
  }
}

test('for a caller with fewer grants a plan of its own is made once, and kept', async () => {
  const first = await ask('some')
  expect(first).toMatchObject({ isCached: false, planMs: expect.any(Number) })
  expect(first.queries).toEqual([expect.not.stringContaining('closed')])
  expect(await figures()).toEqual({ hits: 0, misses: 1, planned: 1 })
  expect(await ask('some')).toMatchObject({ isCached: true, planMs: null })
  expect(await figures()).toEqual({ hits: 1, misses: 1, planned: 1 })

  const whole = await ask('all')
  expect(whole).toMatchObject({ isCached: false, planMs: expect.any(Number) })
  expect(whole.queries).toEqual([expect.stringContaining('closed')])
  expect(await ask('all')).toMatchObject({ isCached: true, planMs: null })
  expect(await figures()).toEqual({ hits: 2, misses: 2, planned: 2 })
})
