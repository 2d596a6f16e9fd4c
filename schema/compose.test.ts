import { buildSchema, parse } from 'graphql'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { composedFiles, composeSubgraphs } from './compose.ts'
import { findStaleFiles, readRepositoryFile } from './generated-files.ts'
import { readSubgraphSources } from './sources.ts'
import { subgraphNames } from './subgraphs.ts'

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n'

function composeTwo(models: string, knowledge: string) {
  return composeSubgraphs([
    { name: 'models', url: 'http://127.0.0.1:1/graphql', typeDefs: parse(link + models) },
    { name: 'knowledge', url: 'http://127.0.0.1:2/graphql', typeDefs: parse(link + knowledge) },
  ])
}

test('the committed supergraph, API schema and rover files are what composition gives now, without a single note', () => {
  const sources = readSubgraphSources()
  const composition = composeSubgraphs(sources)
  if (composition.kind === 'failed') throw new Error(composition.errors.join('\n'))
  expect(composition.notes).toEqual([])
  expect(findStaleFiles(composedFiles(sources, composition))).toEqual([])
})

test('a generated file that a person edited is stale', () => {
  const content = readRepositoryFile('schema/api.graphql')
  expect(findStaleFiles([{ path: 'schema/api.graphql', content: `${content}# edited` }])).toEqual([
    'schema/api.graphql',
  ])
  expect(findStaleFiles([{ path: 'schema/absent.graphql', content: '' }])).toEqual(['schema/absent.graphql'])
})

test('subgraphs that do not fit together fail with the reason', () => {
  const composition = composeTwo(
    'type Query { model: Model } type Model @key(fields: "id") { id: ID! size: Int }',
    'type Query { other: Model } type Model @key(fields: "id") { id: ID! size: Int }',
  )
  expect(composition).toMatchObject({ kind: 'failed', errors: [expect.stringContaining('Model.size')] })
})

test('what composition finds odd is reported', () => {
  const composition = composeTwo(
    'type Query { a: Span } "One." type Span @shareable { start: Int }',
    'type Query { b: Span } "Other." type Span @shareable { start: Int }',
  )
  expect(composition).toMatchObject({
    kind: 'composed',
    notes: [{ level: 'warning', code: 'INCONSISTENT_DESCRIPTION', message: expect.stringContaining('Span') }],
  })
})

test('the files rover composes from name every subgraph, and each stands alone', () => {
  const roverConfig = readRepositoryFile('schema/supergraph.yaml') ?? ''
  const listed = [
    ...roverConfig.matchAll(/^  (\w+):\n    routing_url: (\S+)\n    schema:\n      file: \.\/(\S+)\n/gm),
  ].map(([, name, url, file]) => ({
    name: name as (typeof subgraphNames)[number],
    url: url!,
    typeDefs: parse(readRepositoryFile(`schema/${file}`) ?? ''),
  }))
  expect(listed.map(({ name }) => name)).toEqual(subgraphNames)
  expect(composeSubgraphs(listed)).toMatchObject({ supergraphSdl: readRepositoryFile('schema/supergraph.graphql') })
})

test('rover composes with the version that is installed here', () => {
  const { version } = createRequire(import.meta.url)('@apollo/composition/package.json') as { version: string }
  expect(readRepositoryFile('schema/supergraph.yaml')).toContain(`\nfederation_version: =${version}\n`)
})

test('the API schema shows no trace of federation', () => {
  const names = Object.keys(buildSchema(readRepositoryFile('schema/api.graphql') ?? '').getTypeMap())
  expect(names.filter((name) => /^(_|join|link|federation)/.test(name) && !name.startsWith('__'))).toEqual([])
})
