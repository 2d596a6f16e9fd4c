// The main path on real parts: a document is registered, processed, found and quoted in an answer.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestKnowledge, textContent, type TestKnowledge } from './testing/start-knowledge.ts'

let knowledge: TestKnowledge
let knowledgeBaseId: string
let documentId: string

const HANDBOOK = textContent('Harbour handbook', [
  {
    heading: 'Mooring',
    text: 'Every vessel must be moored within 45 minutes of its arrival. The harbour master assigns the berth by radio on channel 12.',
  },
  {
    heading: 'Fees',
    text: 'The daily berth fee is 380 crowns for vessels up to 20 metres. Fees are paid at the office before departure.',
  },
  {
    heading: 'Storm rules',
    text: 'During a storm warning no vessel may leave the inner basin. The siren sounds three times when the warning ends.',
  },
])

beforeAll(async () => {
  knowledge = await startTestKnowledge()
  knowledgeBaseId = await knowledge.createKnowledgeBase('Harbour')
  documentId = await knowledge.ingest(knowledgeBaseId, HANDBOOK)
})

afterAll(() => knowledge.close())

test('a processed document is READY, its text is whole, and each chunk is the text at its span', async () => {
  const { data, errors } = await knowledge.request(
    `query ($id: ID!) { document(id: $id) { title status tags mediaType sizeBytes text knowledgeBase { name documentCount chunkCount embeddingModel { id } }
      chunks { nodes { ordinal text span { startOffset endOffset } headings document { id } } pageInfo { hasNextPage } } } }`,
    { id: documentId },
  )
  expect(errors).toBeUndefined()
  const { document } = data
  expect(document).toMatchObject({ title: 'Harbour handbook', status: 'READY', tags: ['a', 'b'], text: HANDBOOK.text })
  const { nodes } = document.chunks
  expect(document.knowledgeBase).toEqual({
    name: 'Harbour',
    documentCount: 1,
    chunkCount: nodes.length,
    embeddingModel: { id: 'model_embedder' },
  })
  expect(nodes.length).toBeGreaterThanOrEqual(3)
  for (const { text, span } of nodes) expect(HANDBOOK.text.slice(span.startOffset, span.endOffset)).toBe(text)
  expect(nodes[1].headings).toEqual(['Fees'])
})

const SEARCH = `query ($id: ID!, $query: String!, $mode: SearchMode) { knowledgeBase(id: $id) {
  search(query: $query, mode: $mode, first: 2) { mode durationMs hits { score denseRank lexicalRank chunk { text headings } } } } }`

test('a hybrid search ranks the fitting chunk first and says how it was found', async () => {
  const { data } = await knowledge.request(SEARCH, { id: knowledgeBaseId, query: 'what is the daily fee?' })
  const { mode, hits } = data.knowledgeBase.search
  expect(mode).toBe('HYBRID')
  expect(hits[0]).toMatchObject({ chunk: { headings: ['Fees'] }, lexicalRank: 1 })
  expect(hits[0].denseRank).toEqual(expect.any(Number))
  expect(hits).toHaveLength(2)
})

test('a search by one way only leaves the other rank null', async () => {
  const lexical = await knowledge.request(SEARCH, { id: knowledgeBaseId, query: 'siren', mode: 'LEXICAL' })
  expect(lexical.data.knowledgeBase.search).toMatchObject({
    mode: 'LEXICAL',
    hits: [{ denseRank: null, lexicalRank: 1 }],
  })
  const dense = await knowledge.request(SEARCH, { id: knowledgeBaseId, query: 'storm siren warning', mode: 'DENSE' })
  expect(dense.data.knowledgeBase.search.mode).toBe('DENSE')
  expect(dense.data.knowledgeBase.search.hits[0]).toMatchObject({ denseRank: 1, lexicalRank: null })
})

test('what follows takes the places of documents that are not READY', async () => {
  const other = await knowledge.createKnowledgeBase('Islands')
  const pages = [
    'siren siren',
    'siren of the lighthouse',
    'siren and bell and lamp',
    'siren, heard on the other side of the bay',
  ]
  const ids: string[] = []
  for (const text of pages)
    ids.push(await knowledge.ingest(other, textContent('Signals', [{ heading: 'Signals', text }])))
  const found = async () => {
    const { data } = await knowledge.request(SEARCH, { id: other, query: 'siren', mode: 'LEXICAL' })
    return data.knowledgeBase.search.hits.map(({ chunk }: { chunk: { text: string } }) =>
      pages.findIndex((page) => chunk.text.endsWith(page)),
    )
  }
  const [first, second] = await found()
  await knowledge.platform.database.sql.execute(
    sql`update knowledge.document set status = 'PENDING' where id in (${ids[first]}, ${ids[second]})`,
  )
  const rest = await found()
  expect(rest.toSorted()).toEqual([0, 1, 2, 3].filter((page) => page !== first && page !== second))
})

test('a chunk whose document is in another workspace is not found', async () => {
  const other = await knowledge.createKnowledgeBase('Elsewhere')
  const id = await knowledge.ingest(other, textContent('Foreign', [{ heading: 'Foreign', text: 'An octant.' }]))
  const found = async () => {
    const { data } = await knowledge.request(SEARCH, { id: other, query: 'octant', mode: 'LEXICAL' })
    return data.knowledgeBase.search.hits.length
  }
  expect(await found()).toBe(1)
  await knowledge.platform.database.sql.execute(
    sql`update knowledge.document set workspace_id = 'ws_another' where id = ${id}`,
  )
  expect(await found()).toBe(0)
})

test('a search that was served is told to metrics once', async () => {
  const told = (id: string) =>
    knowledge.usages.filter(({ kind, knowledgeBaseIds }) => kind === 'SEARCH' && knowledgeBaseIds.includes(id))
  const [once, afterwards] = [
    await knowledge.createKnowledgeBase('Searched once'),
    await knowledge.createKnowledgeBase('Searched afterwards'),
  ]
  await knowledge.request(SEARCH, { id: once, query: 'fees' })
  await knowledge.request(SEARCH, { id: afterwards, query: 'fees' })
  await knowledge.until(() => told(afterwards).length > 0)
  expect(told(once)).toMatchObject([{ knowledgeBaseIds: [once] }])
})

test('an empty query and a bad count are refused and name the argument', async () => {
  const { data, errors } = await knowledge.request(SEARCH, { id: knowledgeBaseId, query: '  ' })
  expect(data.knowledgeBase.search).toBeNull()
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', argumentPath: ['query'] } })
})

const STREAM = `subscription ($input: AnswerInput!) { answerStream(input: $input) { __typename cursor occurredAt
  ... on AnswerStarted { answer { id status mode sources { marker score chunk { id document { title } } } } }
  ... on AnswerDelta { sequence text model { id } }
  ... on AnswerCited { citation { marker quote isVerified answerSpan { startOffset endOffset } span { startOffset endOffset } document { id } chunk { id } } }
  ... on AnswerCompleted { answer { id text status verdict citations { quote } timings { retrievalMs firstTokenMs totalMs } finishedAt } }
  ... on AnswerFailed { code message isRetryable } } }`

async function ask(input: Record<string, unknown>) {
  const events: any[] = []
  for await (const { data, errors } of knowledge.subscribe(STREAM, {
    input: { knowledgeBaseIds: [knowledgeBaseId], ...input },
  })) {
    expect(errors).toBeUndefined()
    events.push(data.answerStream)
  }
  return events
}

test('an extractive answer streams its sources, sentences and verified citations, and is stored', async () => {
  const events = await ask({ question: 'How much is the daily berth fee?', mode: 'EXTRACTIVE' })
  expect(events[0].__typename).toBe('AnswerStarted')
  expect(events.at(-1)).toMatchObject({
    __typename: 'AnswerCompleted',
    answer: { status: 'COMPLETED', verdict: 'ANSWERED', finishedAt: expect.any(String) },
  })
  const text = events.flatMap((event) => (event.__typename === 'AnswerDelta' ? event.text : [])).join('')
  expect(text).toContain('380 crowns')
  expect(events.at(-1).answer.text).toBe(text)
  const citations = events.flatMap((event) => (event.__typename === 'AnswerCited' ? event.citation : []))
  expect(citations.length).toBeGreaterThan(0)
  for (const { quote, isVerified, span, answerSpan, document } of citations) {
    expect(isVerified).toBe(true)
    expect(document.id).toBe(documentId)
    expect(HANDBOOK.text.slice(span.startOffset, span.endOffset)).toBe(quote)
    expect(text.slice(answerSpan.startOffset, answerSpan.endOffset)).toBe(quote.replace(/\s+/g, ' '))
  }
  const { data } = await knowledge.request(
    'query ($id: ID!) { answer(id: $id) { text verdict mode sources { chunk { id } } citations { quote isVerified } } answers(first: 1) { nodes { id } } }',
    { id: events[0].answer.id },
  )
  expect(data.answer).toMatchObject({ text, verdict: 'ANSWERED', mode: 'EXTRACTIVE' })
  expect(data.answers.nodes[0].id).toBe(events[0].answer.id)
  await knowledge.until(() => knowledge.usages.some(({ kind }) => kind === 'ANSWER'))
  expect(knowledge.usages.find(({ kind }) => kind === 'ANSWER')).toMatchObject({
    retrievalMs: expect.any(Number),
    modelName: expect.any(String),
  })
})

test('a question the documents do not answer ends as NOT_IN_DOCUMENTS without citations', async () => {
  const events = await ask({ question: 'Who composed the opera about the volcano in Peru?', mode: 'EXTRACTIVE' })
  expect(events.at(-1).answer).toMatchObject({ verdict: 'NOT_IN_DOCUMENTS', citations: [] })
})
