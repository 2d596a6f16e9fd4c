// A model that finds the prompt too long is asked again with fewer sources. The model is a real server that speaks the contract of models.
import Fastify, { type FastifyInstance } from 'fastify'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createIdentitySigner } from '../../contracts/identity.ts'
import {
  createModelsClient,
  generationRequestSchema,
  GENERATIONS_PATH,
  type GenerationLine,
  type ModelsClient,
} from '../../contracts/models-client.ts'
import type { AnswerChange } from './answer-store.ts'
import type { AnswerRow, AnswerSourceRow } from './tables.ts'
import { WRITER } from './testing/scripted-models.ts'
import { writeGeneration } from './write-generation.ts'

let app: FastifyInstance
let models: ModelsClient
/** Characters of a prompt that the model takes. */
let roomCharacters: number
/** Numbers of the sources in each prompt. */
let prompts: number[]
let changes: AnswerChange[]

beforeAll(async () => {
  app = Fastify()
  app.post(GENERATIONS_PATH, (request) => {
    const { messages } = generationRequestSchema.parse(request.body)
    const prompt = messages.map(({ content }) => content).join('\n')
    prompts.push(prompt.match(/<source number=/g)?.length ?? 0)
    const isTooLong = prompt.length > roomCharacters
    const usage = { promptTokens: 1, completionTokens: 1, cachedPromptTokens: null, totalTokens: 2 }
    const lines: GenerationLine[] = [
      { type: 'started', generationId: 'gen_x', model: WRITER },
      ...(isTooLong
        ? [{ type: 'failed' as const, code: 'CONTEXT_TOO_LONG', message: 'Too long.', isRetryable: false }]
        : [
            { type: 'delta' as const, text: 'Herons wade [1].' },
            { type: 'completed' as const, usage },
          ]),
    ]
    return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const signer = createIdentitySigner({ key: randomBytes(32).toString('hex') })
  models = createModelsClient({ origin: () => origin, signer })
})
beforeEach(() => {
  prompts = []
  changes = []
})
afterAll(() => app.close())

const answer = {
  id: 'ans_x',
  workspaceId: 'ws_x',
  question: 'What do herons do?',
  conversation: [],
  modelId: null,
  createdAt: new Date(),
} as unknown as AnswerRow
const sources = Array.from({ length: 8 }, (_, index) => ({
  marker: index + 1,
  content: { id: `chunk_${index}`, documentTitle: 'Birds', headings: [], text: 'Herons wade at dawn. '.repeat(40) },
})) as unknown as AnswerSourceRow[]

const write = () =>
  writeGeneration({
    answer,
    plan: { kind: 'generate', modelName: WRITER.name, contextLength: 4096 },
    sources,
    models,
    citeSentence: async (options) => ({ marker: options.sources.length, isVerified: true }) as never,
    change: async (change) => {
      changes.push(change)
      return answer
    },
    signal: new AbortController().signal,
  })

test('what fits is asked once', async () => {
  roomCharacters = 1e6
  expect(await write()).toMatchObject({ verdict: 'ANSWERED' })
  expect(prompts).toEqual([8])
})

test('a prompt that is too long for the model after all is made again with fewer sources', async () => {
  roomCharacters = 5000
  expect(await write()).toMatchObject({ verdict: 'ANSWERED', usage: { totalTokens: 2 } })
  expect(prompts).toEqual([8, 4])
  // Held against the sources that the model saw.
  expect(changes.flatMap(({ citations = [] }) => citations)).toMatchObject([{ marker: 4 }])
})

test('and only once', async () => {
  roomCharacters = 100
  await expect(write()).rejects.toMatchObject({ code: 'CONTEXT_TOO_LONG' })
  expect(prompts).toEqual([8, 4])
  expect(changes).toEqual([])
})
