// Ids that are malformed, unknown or of another workspace, wherever the API takes one.
import { describe, expect, test } from 'vitest'
import { createId } from '#shared/ids.ts'
import { NODE_TYPES, type NodePrefix } from '../../../../contracts/node-types.ts'
import { createSchemaReader, type IdField } from '../../../harness/api-schema.ts'
import type { TestClient } from '../../../harness/client.ts'
import { idsByPrefix, SHARED_PREFIXES } from '../handbook-workspace.ts'
import { collect, expectRefused, type BadInputWorld } from './world.ts'

const JOB_CREATE = `mutation ($input: IngestionJobCreateInput!) {
  ingestionJobCreate(input: $input) { ingestionJob { id } userErrors { code message path } } }`
const ANSWER_START = `mutation ($input: AnswerInput!) {
  answerStart(input: $input) { answer { id } userErrors { code message path } } }`
const ANSWER_STREAM = 'subscription ($input: AnswerInput!) { answerStream(input: $input) { __typename } }'

export function badIdsStory(world: BadInputWorld): void {
  const api = createSchemaReader()
  describe('ids', () => {
    const SOMEBODY_ELSES = 'of another workspace'
    const kinds = ['malformed', 'unknown', SOMEBODY_ELSES] as const

    /** The id of such a thing, and who asks for it. */
    const idOf = (kind: (typeof kinds)[number], prefix: NodePrefix): [string, TestClient] =>
      kind === 'malformed'
        ? ['no id at all', world.client]
        : kind === 'unknown'
          ? [createId(prefix), world.client]
          : [idsByPrefix(world.workspace)[prefix] ?? createId(prefix), world.foreign]

    test.each(api.fieldsById('Query').flatMap((field) => kinds.map((kind) => ({ ...field, kind }))))(
      'the query $name with an id $kind answers null',
      async ({ kind, ...field }) => {
        const [id, asker] = idOf(kind, prefixOf(field))
        expect(await asker.request(api.operationById('query', field), { id })).toMatchObject({
          status: 200,
          data: { [field.name]: null },
        })
      },
    )

    test.each(api.fieldsById('Mutation').flatMap((field) => kinds.map((kind) => ({ ...field, kind }))))(
      'the mutation $name with an id $kind changes nothing and says so',
      async ({ kind, ...field }) => {
        const [id, asker] = idOf(kind, prefixOf(field))
        const result = await asker.request(api.operationById('mutation', field), { id, ...field.otherVariables })
        expect(result.errors).toBeUndefined()
        expect(result.data[field.name].userErrors).toMatchObject([{ code: 'NOT_FOUND', path: ['id'] }])
      },
    )

    test.each(api.fieldsById('Subscription').flatMap((field) => kinds.map((kind) => ({ ...field, kind }))))(
      'the subscription $name with an id $kind ends with an error that names it',
      async ({ kind, ...field }) => {
        const [id, asker] = idOf(kind, prefixOf(field))
        expectRefused(await collect(asker, api.operationById('subscription', field), { id }), ['id'], 'NOT_FOUND')
      },
    )

    test('nothing of this workspace is a node for another one, and every type of it is one for this', async () => {
      for (const [prefix, id] of Object.entries(idsByPrefix(world.workspace)) as [NodePrefix, string | null][]) {
        if (id === null) continue
        const query = 'query ($id: ID!) { node(id: $id) { __typename id } }'
        expect((await world.client.query(query, { id })).node, id).toEqual({
          __typename: NODE_TYPES[prefix].typeName,
          id,
        })
        if (!SHARED_PREFIXES.includes(prefix)) expect((await world.foreign.query(query, { id })).node, id).toBeNull()
      }
    })

    test.each(kinds)('ids %s inside inputs are refused with their path', async (kind) => {
      const [knowledgeBaseId, asker] = idOf(kind, 'kb')
      const [uploadId] = idOf(kind, 'up')
      const texts = [{ title: 'a', text: 'b' }]
      const created = await asker.query(JOB_CREATE, { input: { knowledgeBaseId, texts } })
      expect(created.ingestionJobCreate.userErrors).toMatchObject([
        { code: 'NOT_FOUND', path: ['input', 'knowledgeBaseId'] },
      ])
      const own = await asker.createKnowledgeBase(`For ids ${kind}`)
      const withUpload = await asker.query(JOB_CREATE, { input: { knowledgeBaseId: own, uploadIds: [uploadId] } })
      expect(withUpload.ingestionJobCreate.userErrors).toMatchObject([
        { code: 'NOT_FOUND', path: ['input', 'uploadIds', '0'] },
      ])
      const input = { question: 'What is this?', knowledgeBaseIds: [own, knowledgeBaseId] }
      expect((await asker.query(ANSWER_START, { input })).answerStart.userErrors).toMatchObject([
        { code: 'NOT_FOUND', path: ['input', 'knowledgeBaseIds', '1'] },
      ])
      expectRefused(await collect(asker, ANSWER_STREAM, { input }), ['input', 'knowledgeBaseIds', '1'])
    })
  })
}

function prefixOf(field: IdField): NodePrefix {
  const [prefix] = Object.entries(NODE_TYPES).find(([, { typeName }]) => typeName === field.typeName) ?? ['kb']
  return prefix as NodePrefix
}
