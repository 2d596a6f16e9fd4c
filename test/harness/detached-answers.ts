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
  expect(await endOfAnswer(client, id)).toMatchObject({ __typename: 'AnswerCompleted' })
}

/** Like a client whose answer's store went away: asks again as often as the answer ends as one that may be asked again. */
export async function waitForAnswerOrAskAgain(
  client: TestClient,
  asked: { id: string; question: string; knowledgeBaseId: string },
): Promise<void> {
  let { id } = asked
  await patiently(async () => {
    const last = await endOfAnswer(client, id)
    if (last.__typename === 'AnswerFailed' && last.isRetryable) {
      id = await startDetachedAnswer(client, asked.knowledgeBaseId, asked.question)
      throw new Error(`${last.code}: ${last.message}`)
    }
    expect(last).toMatchObject({ __typename: 'AnswerCompleted' })
  })
}

async function endOfAnswer(client: TestClient, id: string): Promise<any> {
  let last: any
  const events = client.subscribe(
    'subscription ($id: ID!) { answerEvents(id: $id) { __typename ... on AnswerFailed { code message isRetryable } } }',
    { id },
  )
  for await (const { data } of events) last = data.answerEvents
  return last
}
