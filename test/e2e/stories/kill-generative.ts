// A generated answer whose processes are killed with SIGKILL half-way through its text, every role a process of its own, the text written by a
// real Ollama, which is killed too. Whoever watches is told, the answer ends as one that may be asked again, nothing stays running, and what
// was written counts once.
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { openDatabase, rowsOf, type Database } from '#shared/database.ts'
import { readHandbook } from '../../fixtures/handbook/handbook.ts'
import { waitForQuiet } from '../../harness/canonical-dump.ts'
import type { GraphError, GraphResult, TestClient } from '../../harness/client.ts'
import { STORY_TIMEOUTS } from '../../harness/platform-under-test.ts'
import type { RoleName, RunningRoles } from '../../harness/roles.ts'
import type { RunningOllama } from '../../services/ollama.ts'

export interface GeneratingPlatform {
  /** That use this Ollama. */
  roles: RunningRoles
  ollama: RunningOllama
  close(): Promise<void>
}

/** Dies at once when it is killed, and comes back where it was. */
interface Victim {
  name: string
  kill(): Promise<void>
  start(): Promise<void>
}

/** Of about a thousand that the model writes. */
const CHARACTERS_BEFORE_KILL = 200
/** It may have written its last word before the kill arrives; then it is asked again. */
const TRIES = 5

const EVENT = `__typename cursor
  ... on AnswerStarted { answer { id mode } }
  ... on AnswerDelta { text }
  ... on AnswerCompleted { answer { ...Ended } }
  ... on AnswerFailed { code message isRetryable answer { ...Ended } }`
const ENDED = 'fragment Ended on Answer { id text status usage { promptTokens completionTokens } }'
const STREAM = `subscription ($input: AnswerInput!) { answerStream(input: $input) { ${EVENT} } } ${ENDED}`
const EVENTS = `subscription ($id: ID!, $after: String) { answerEvents(id: $id, after: $after) { ${EVENT} } } ${ENDED}`
const GENERATION_EVENTS = `subscription ($id: ID!) { generationEvents(id: $id) { __typename
  ... on GenerationCompleted { generation { status text } }
  ... on GenerationFailed { code isRetryable generation { status text } } } }`

export function killGenerativeStory(profile: string, start: () => Promise<GeneratingPlatform>): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`a generated answer that loses a process, ${profile}`, () => {
    const opened = new AsyncDisposableStack()
    let roles: RunningRoles
    let ollama: RunningOllama
    let client: TestClient
    let database: Database
    let input: Record<string, unknown>

    beforeAll(async () => {
      const platform = await start()
      opened.defer(platform.close)
      roles = platform.roles
      ollama = platform.ollama
      database = await openDatabase({ location: { url: roles.databaseUrl }, poolSize: 2 })
      opened.defer(() => database.close())
      client = roles.client()
      const knowledgeBaseId = await client.createKnowledgeBase('Handbook')
      expect(await client.ingest({ knowledgeBaseId, files: readHandbook() })).toMatchObject({ status: 'SUCCEEDED' })
      input = {
        question: 'How is a plate restored at the observatory?',
        knowledgeBaseIds: [knowledgeBaseId],
        mode: 'GENERATIVE',
        modelName: ollama.chatModelName,
        isDetached: true,
      }
      // Loads the model, so that a text begins soon after its question.
      await completeAnswer()
    })
    afterAll(() => opened.disposeAsync())

    afterEach(async () => {
      await waitForQuiet(database)
      const running = sql`select id from models.generation where status in ('QUEUED', 'RUNNING')
      union all select id from knowledge.answer where status = 'RUNNING'`
      expect(await rowsOf(database.sql, running)).toEqual([])
      await expectUsageOnce()
    })

    test('models killed half-way: the watcher is told at once, the generation fails, and asking again works', async () => {
      const { answerId, generationId, events, errors } = await killHalfWay(role('models'))
      expect(errors).toEqual([])
      expect(events.at(-1)).toMatchObject({
        __typename: 'AnswerFailed',
        code: 'PROCESS_DIED',
        isRetryable: true,
        answer: { id: answerId, status: 'FAILED', text: textOf(events) },
      })
      await roles.start('models')
      expect(await endOfGeneration(generationId)).toMatchObject({
        __typename: 'GenerationFailed',
        code: 'PROCESS_DIED',
        isRetryable: true,
        generation: { status: 'FAILED' },
      })
      await completeAnswer()
    })

    test('knowledge killed half-way: the model stops, the watcher goes on behind its cursor to the end, and asking again works', async () => {
      const { answerId, generationId, events, errors } = await killHalfWay(role('knowledge'))
      expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', isRetryable: true } }])
      expect(await endOfGeneration(generationId)).toMatchObject({
        __typename: 'GenerationCompleted',
        generation: { status: 'CANCELLED' },
      })
      await roles.start('knowledge')
      const rest = await collect(
        client.subscribe(EVENTS, { id: answerId, after: events.at(-1).cursor }),
        'answerEvents',
      )
      expect(rest.errors).toEqual([])
      expect(rest.events.at(-1)).toMatchObject({
        __typename: 'AnswerFailed',
        code: 'PROCESS_DIED',
        isRetryable: true,
        answer: { id: answerId, status: 'FAILED', text: textOf([...events, ...rest.events]) },
      })
      await completeAnswer()
    })

    test('Ollama killed half-way: the watcher is told at once, the generation fails, and asking again works', async () => {
      const { answerId, generationId, events, errors } = await killHalfWay({
        name: 'Ollama',
        kill: () => ollama.stop('SIGKILL'),
        start: () => ollama.start(),
      })
      expect(errors).toEqual([])
      expect(events.at(-1)).toMatchObject({
        __typename: 'AnswerFailed',
        code: 'UPSTREAM_UNAVAILABLE',
        isRetryable: true,
        answer: { id: answerId, status: 'FAILED', text: textOf(events) },
      })
      expect(await endOfGeneration(generationId)).toMatchObject({
        __typename: 'GenerationFailed',
        code: 'UPSTREAM_UNAVAILABLE',
        isRetryable: true,
        generation: { status: 'FAILED' },
      })
      await ollama.start()
      await completeAnswer()
    })

    const role = (name: RoleName): Victim => ({
      name,
      kill: () => roles.kill(name),
      start: () => roles.start(name),
    })

    async function completeAnswer(): Promise<void> {
      const { events, errors } = await collect(client.subscribe(STREAM, { input }), 'answerStream')
      expect(errors).toEqual([])
      expect(events.at(-1)).toMatchObject({ __typename: 'AnswerCompleted', answer: { status: 'COMPLETED' } })
      expect(events.at(-1).answer.usage.completionTokens).toBeGreaterThan(0)
    }

    /** Asks, and kills the process when a part of the text has come. */
    async function killHalfWay(victim: Victim) {
      for (let tries = 0; tries < TRIES; tries += 1) {
        let characters = 0
        let isKilled = false
        const stream = client.subscribe(STREAM, { input })
        const { events, errors } = await collect(stream, 'answerStream', async (event) => {
          characters += event.text?.length ?? 0
          if (isKilled || characters < CHARACTERS_BEFORE_KILL) return
          isKilled = true
          await victim.kill()
        })
        if (events.at(-1).__typename !== 'AnswerCompleted') {
          const [row] = await rowsOf<{ id: string }>(
            database.sql,
            sql`select id from models.generation order by created_at desc limit 1`,
          )
          return { answerId: events[0].answer.id as string, generationId: row!.id, events, errors }
        }
        await victim.start()
      }
      throw new Error(`The model was always faster than the end of ${victim.name}.`)
    }

    async function endOfGeneration(id: string) {
      const { events, errors } = await collect(client.subscribe(GENERATION_EVENTS, { id }), 'generationEvents')
      expect(errors).toEqual([])
      return events.at(-1)
    }

    /** Every generation that wrote something is counted once, by what its row says where that is known, and every completed answer once. */
    async function expectUsageOnce(): Promise<void> {
      const wanted = sql`select id || ' ' || coalesce(completion_tokens::text, 'some') as row from models.generation
      union all select 'answer:' || id || ' 0' from knowledge.answer where status = 'COMPLETED'`
      const counted = sql`select event_id || ' ' || case when status in ('FAILED', 'CANCELLED') and u.completion_tokens > 0
        then 'some' else u.completion_tokens::text end as row
      from metrics.usage_event u left join models.generation g on g.id = u.event_id where kind in ('GENERATION', 'ANSWER')`
      const rows = async (query: typeof wanted) =>
        (await rowsOf<{ row: string }>(database.sql, query)).map(({ row }) => row).toSorted()
      expect(await rows(counted)).toEqual(await rows(wanted))
    }
  })
}

/** All events of a stream, and the errors that it ended with. */
async function collect(
  results: AsyncGenerator<GraphResult>,
  field: string,
  onEvent: (event: any) => Promise<void> = async () => undefined,
): Promise<{ events: any[]; errors: GraphError[] }> {
  const events: any[] = []
  for await (const { data, errors } of results) {
    if (errors) return { events, errors }
    events.push(data[field])
    await onEvent(data[field])
  }
  return { events, errors: [] }
}

const textOf = (events: any[]): string =>
  events.flatMap((event) => (event.__typename === 'AnswerDelta' ? [event.text] : [])).join('')
