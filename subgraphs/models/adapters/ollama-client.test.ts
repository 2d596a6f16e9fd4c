// What only a misbehaving host shows: a small real server answers as Ollama does on its bad days.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ChatEvent, ChatModel } from '../ports/chat-model.ts'
import { createOllamaProvider } from './ollama-provider.ts'

const SHOW = { capabilities: ['completion'], model_info: { 'general.architecture': 'x', 'x.context_length': 2048 } }
const line = (value: object): string => `${JSON.stringify(value)}\n`
const delta = (content: string): string => line({ message: { role: 'assistant', content }, done: false })
const never = (): AbortSignal => new AbortController().signal

describe('a troubled Ollama host', () => {
  let server: Server
  let answerChat: (response: ServerResponse, request: IncomingMessage) => void
  let provider: ReturnType<typeof createOllamaProvider>
  let model: ChatModel

  const read = async (signal = never()): Promise<ChatEvent[]> => {
    const events: ChatEvent[] = []
    for await (const event of model.generate({ messages: [{ role: 'user', content: 'Hi' }] }, signal))
      events.push(event)
    return events
  }
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/api/ps') response.end(JSON.stringify({}))
      else if (request.url === '/api/tags') response.end(JSON.stringify({ models: null }))
      else if (request.url === '/api/show') response.end(JSON.stringify(SHOW))
      else answerChat(response, request)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    provider = createOllamaProvider({ address: `127.0.0.1:${port}`, timeouts: { firstByteMs: 600, idleMs: 600 } })
  })
  beforeEach(async () => {
    model = await provider.openChatModel('any', never())
  })
  afterAll(async () => {
    await provider[Symbol.asyncDispose]()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  test('lists nothing when the host has no models yet', async () => {
    expect(await provider.listModels(never())).toEqual([])
  })

  test('reads lines however the network cuts them, and missing counts as 0', async () => {
    const whole = Buffer.from(delta('náïve 🌊') + delta('') + line({ done: true, done_reason: 'stop' }))
    answerChat = (response) => {
      let at = 0
      const send = (): void => {
        if (at >= whole.length) return void response.end()
        response.write(whole.subarray(at, (at += 3)), () => setImmediate(send))
      }
      send()
    }
    expect(await read()).toEqual([
      { kind: 'delta', text: 'náïve 🌊' },
      { kind: 'finished', reason: 'stop', usage: { promptTokens: 0, completionTokens: 0, cachedPromptTokens: null } },
    ])
  })

  test.for([
    [
      'a full queue',
      503,
      'server busy, please try again.  maximum pending requests exceeded',
      'CAPACITY_EXCEEDED',
      true,
    ],
    ['an unknown model', 404, 'model "any" not found, try pulling it first', 'MODEL_NOT_AVAILABLE', true],
    ['a prompt that is too long', 400, 'the input length exceeds the context length', 'CONTEXT_TOO_LONG', false],
    ['a missing ability', 400, '"any" does not support chat', 'MODEL_NOT_AVAILABLE', false],
    ['a refused request', 400, 'invalid options', 'MODEL_FAILED', false],
    ['a crashed runner', 500, 'llama runner process has terminated: exit status 2', 'MODEL_FAILED', true],
  ] as const)('reports %s by its code', async ([, status, error, code, isRetryable]) => {
    answerChat = (response) => void response.writeHead(status).end(JSON.stringify({ error }))
    await expect(read()).rejects.toMatchObject({ code, isRetryable })
  })

  test('reports an error that comes inside the stream under status 200', async () => {
    answerChat = (response) =>
      void response.end(delta('a') + line({ error: 'an error was encountered while running the model' }))
    await expect(read()).rejects.toMatchObject({
      code: 'MODEL_FAILED',
      message: expect.stringContaining('while running the model'),
    })
  })

  test('calls a stream without its last line broken', async () => {
    answerChat = (response) => void response.end(delta('a'))
    await expect(read()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', isRetryable: true })
  })

  test.for([
    ['before the first byte', ''],
    ['in the middle', delta('a')],
  ] as const)('does not wait for ever %s', async ([, first]) => {
    answerChat = (response) => void (first === '' || response.write(first))
    await expect(read()).rejects.toMatchObject({ code: 'UPSTREAM_TIMED_OUT', isRetryable: true })
  })

  test.for(['abort', 'leave'] as const)('closes the socket when the caller goes (%s)', async (how) => {
    const abort = new AbortController()
    const closed = new Promise<void>((resolve) => {
      answerChat = (response) => {
        response.once('close', resolve)
        response.write(delta('a'))
      }
    })
    const reading = async (): Promise<void> => {
      for await (const event of model.generate({ messages: [{ role: 'user', content: 'Hi' }] }, abort.signal)) {
        expect(event).toEqual({ kind: 'delta', text: 'a' })
        if (how === 'leave') break
        abort.abort()
      }
    }
    await (how === 'leave' ? reading() : expect(reading()).rejects.toMatchObject({ code: 'CANCELLED' }))
    await closed
  })

  test('says that a host is down', async () => {
    await using down = createOllamaProvider({ address: '127.0.0.1:1' })
    await expect(down.listModels(never())).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    })
  })
})
