// Questions that cannot be answered, and pages that cannot be turned.
import { describe, expect, test } from 'vitest'
import { collect, expectRefused, type BadInputWorld } from './world.ts'

const ANSWER_START = `mutation ($input: AnswerInput!) {
  answerStart(input: $input) { answer { id } userErrors { code message path } } }`
const ANSWER_STREAM = 'subscription ($input: AnswerInput!) { answerStream(input: $input) { __typename } }'

export function badQuestionsStory(world: BadInputWorld): void {
  describe('questions', () => {
    test('an empty question is refused with its field', async () => {
      const input = { question: ' ', knowledgeBaseIds: [world.workspace.knowledgeBaseId] }
      expect((await world.client.query(ANSWER_START, { input })).answerStart).toMatchObject({
        answer: null,
        userErrors: [{ code: 'INVALID', path: ['input', 'question'] }],
      })
      expectRefused(await collect(world.client, ANSWER_STREAM, { input }), ['input', 'question'])
    })

    test("a question longer than the model's context is refused with its field and remedy", async () => {
      const input = {
        question: `What does ${'the very long story of the observatory '.repeat(4000)}say?`,
        knowledgeBaseIds: [world.workspace.knowledgeBaseId],
      }
      const { answerStart } = await world.client.query(ANSWER_START, { input })
      expect(answerStart).toMatchObject({
        answer: null,
        userErrors: [{ code: 'CONTEXT_TOO_LONG', path: ['input', 'question'] }],
      })
      expect(answerStart.userErrors[0].message).toMatch(/short/i)
      expectRefused(await collect(world.client, ANSWER_STREAM, { input }), ['input', 'question'])
    })

    test('a model that nobody has is refused with its field', async () => {
      const input = {
        question: 'Why?',
        knowledgeBaseIds: [world.workspace.knowledgeBaseId],
        modelName: 'no-such-model:1b',
      }
      expect((await world.client.query(ANSWER_START, { input })).answerStart.userErrors).toMatchObject([
        { code: 'MODEL_NOT_AVAILABLE', path: ['input', 'modelName'] },
      ])
      expectRefused(await collect(world.client, ANSWER_STREAM, { input }), ['input', 'modelName'])
    })
  })

  describe('arguments of lists', () => {
    test.each([0, 101])('a page of %i is refused with the argument', async (first) => {
      for (const field of ['models', 'knowledgeBases', 'answers', 'ingestionJobs'])
        expectRefused(
          [await world.client.request(`query ($first: Int) { ${field}(first: $first) { nodes { id } } }`, { first })],
          ['first'],
        )
    })

    test('a cursor of nowhere is refused with the argument', async () => {
      for (const field of ['models', 'knowledgeBases', 'answers', 'ingestionJobs']) {
        const result = await world.client.request(`{ ${field}(after: "nowhere") { nodes { id } } }`)
        expectRefused([result], ['after'], 'CURSOR_INVALID')
      }
      const events = await collect(
        world.client,
        'subscription ($id: ID!) { ingestionJobEvents(id: $id, after: "nowhere") { cursor } }',
        {
          id: world.workspace.jobId,
        },
      )
      expectRefused(events, ['after'], 'CURSOR_INVALID')
    })
  })
}
