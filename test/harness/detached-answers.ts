// Answers that go on whoever watches: begun, and followed to their end later.
import { expect } from 'vitest'
import type { TestClient } from './client.ts'
import { patiently } from './patience.ts'

/** Its id. */
export async function startDetachedAnswer(
  client: TestClient,
  knowledgeBaseId: string,
  question: string,
): Promise<string> {
  const { answerStart } = await patiently(() =>
    client.query(
      'mutation ($input: AnswerInput!) { answerStart(input: $input) { answer { id } userErrors { message } } }',
      {
        input: { question, knowledgeBaseIds: [knowledgeBaseId], mode: 'EXTRACTIVE', isDetached: true },
      },
    ),
  )
  expect(answerStart.userErrors).toEqual([])
  return answerStart.answer.id
}

/** Throws unless it is completed. */
export async function waitForAnswer(client: TestClient, id: string): Promise<void> {
  let last: any
  const events = client.subscribe(
    'subscription ($id: ID!) { answerEvents(id: $id) { __typename ... on AnswerFailed { code message } } }',
    { id },
  )
  for await (const { data } of events) last = data.answerEvents
  expect(last).toEqual({ __typename: 'AnswerCompleted' })
}
