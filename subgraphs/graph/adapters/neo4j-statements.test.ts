// A statement is compiled once for a form, and takes the values of each call, the workspace first of all, as its parameters.
import { beforeAll, expect, test } from 'vitest'
import type { GraphQLSchema } from 'graphql'
import type { EntitySelection } from '../domain/graph-selection.ts'
import type { PageOf, RankPosition } from '../domain/graph-records.ts'
import type { Neo4jTransaction } from './neo4j-connection.ts'
import { createQuestion } from './neo4j-question.ts'
import { buildNeo4jSchema } from './neo4j-schema.ts'
import { createNeo4jStatements } from './neo4j-statements.ts'

let schema: GraphQLSchema
beforeAll(async () => {
  schema = await buildNeo4jSchema()
})

/** Answers rows to what reads entities, and a version to whoever asks for it. */
function openTransaction() {
  const sent: { text: string; parameters: object }[] = []
  const transaction = {
    async run(text: string, parameters: object = {}) {
      if (text.includes('dbms.components')) return { records: [['5.26.12', 'enterprise']] }
      sent.push({ text, parameters })
      return { records: [{ get: (name: string) => ({ name }) }] }
    },
  } as unknown as Neo4jTransaction
  return { sent, transaction }
}

function questionAbout(ids: string[], page: PageOf<RankPosition>) {
  const none: EntitySelection = { relationships: [], mentions: [] }
  const each = { source: null, target: none, mentions: [] }
  const question = createQuestion()
  const where = question.variable('EntityWhere', { id: { in: ids } })
  return question.operation(
    `found: entities(where: ${where}) ${question.entity({ relationships: [{ page, each }], mentions: [] })}`,
  )
}

test('calls of one form send one text, each with its own workspace and values', async () => {
  const statements = createNeo4jStatements(schema)
  const { sent, transaction } = openTransaction()
  const first = questionAbout(['ent_1'], { limit: 5, after: { rank: 3, id: 'rel_1' } })
  const second = questionAbout(['ent_2', 'placeholder 0.'], { limit: 7, after: { rank: 2_000_000_000, id: '' } })
  expect(await statements.read(transaction, 'ws_a', first)).toEqual([{ name: 'this' }])
  await statements.read(transaction, 'placeholder 1.', second)
  await statements.read(transaction, 'ws_a', first)
  expect(sent).toHaveLength(3)
  expect(new Set(sent.map(({ text }) => text)).size).toBe(1)
  const [a, b, c] = sent.map(({ parameters }) => JSON.parse(JSON.stringify(parameters)) as Record<string, unknown>)
  expect(a).toMatchObject({ isAuthenticated: true, jwt: { workspaceId: 'ws_a' } })
  expect(b).toMatchObject({ isAuthenticated: true, jwt: { workspaceId: 'placeholder 1.' } })
  expect(c).toEqual(a)
  const integer = (low: number) => ({ low, high: 0 })
  expect(Object.values(a!)).toEqual(expect.arrayContaining([['ent_1'], integer(3), 'rel_1', integer(5)]))
  expect(Object.values(b!)).toEqual(
    expect.arrayContaining([['ent_2', 'placeholder 0.'], integer(2_000_000_000), '', integer(7)]),
  )
  expect(JSON.stringify(b)).not.toMatch(/ws_a|ent_1|rel_1/)
})

test('every node that is read is held to the workspace', async () => {
  const { sent, transaction } = openTransaction()
  await createNeo4jStatements(schema).read(transaction, 'ws_a', questionAbout(['ent_1'], { limit: 5, after: null }))
  const { text } = sent[0]!
  const nodes = [...text.matchAll(/\((\w+):(?:Entity|Relationship)\)/g)].map(([, name]) => name)
  expect(nodes).toHaveLength(3)
  for (const name of nodes) expect(text).toContain(`${name}.workspaceId = $jwt.workspaceId`)
  expect(text).not.toContain('placeholder')
})

test('the form is also what variables leave out', async () => {
  const statements = createNeo4jStatements(schema)
  const { sent, transaction } = openTransaction()
  await statements.read(transaction, 'ws_a', questionAbout(['ent_1'], { limit: 5, after: null }))
  await statements.read(transaction, 'ws_a', questionAbout(['ent_1'], { limit: 5, after: { rank: 3, id: 'rel_1' } }))
  await statements.read(transaction, 'ws_a', questionAbout(['ent_1'], { limit: 6, after: null }))
  const [first, behind, again] = sent.map(({ text }) => text)
  expect(behind).not.toBe(first)
  expect(again).toBe(first)
})

test('a question that does not travel in parameters is refused', async () => {
  const { transaction } = openTransaction()
  const operation = { source: 'query ($v0: String) { found: entities { id } }', variables: { v0: 'unused' } }
  await expect(createNeo4jStatements(schema).read(transaction, 'ws_a', operation)).rejects.toThrow(
    /not compiled into one statement with parameters/,
  )
})
