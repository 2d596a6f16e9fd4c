// How long a context a request gets. A small real server answers as Ollama does: it refuses what is longer than the context, and says what
// it has loaded; whatever differs from that would make it load the model again.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ChatModel, ChatRequest } from '../ports/chat-model.ts'
import { createOllamaProvider } from './ollama-provider.ts'

const never = (): AbortSignal => new AbortController().signal

/** What the host says of its one model. */
const host = {
  architectureLength: 131_072,
  modelfile: '',
  /** 0: not loaded. */
  loadedLength: 0,
  /** Tokens of the next prompt, as the host counts them. */
  promptTokens: 10,
}
/** `num_ctx` of each request for a chat; null where there was none. */
let asked: (number | null)[] = []
let server: Server
let provider: ReturnType<typeof createOllamaProvider>

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = (value: object, status = 200) => response.writeHead(status).end(`${JSON.stringify(value)}\n`)
    const loaded = host.loadedLength === 0 ? [] : [{ name: 'any:latest', context_length: host.loadedLength }]
    if (request.url === '/api/ps') return void answer({ models: loaded })
    if (request.url === '/api/tags')
      return void answer({ models: [{ name: 'any:latest', size: 1, digest: `d${host.modelfile}` }] })
    if (request.url === '/api/show') {
      const model_info = { 'general.architecture': 'x', 'x.context_length': host.architectureLength }
      return void answer({ capabilities: ['completion'], model_info, parameters: host.modelfile })
    }
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { options } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { options: { num_ctx?: number } }
      asked.push(options.num_ctx ?? null)
      host.loadedLength = options.num_ctx ?? (host.loadedLength || 4096)
      if (host.promptTokens > host.loadedLength)
        return void answer({ error: 'the input length exceeds the context length' }, 400)
      answer({ message: { role: 'assistant', content: 'Yes.' }, done: true, done_reason: 'stop' })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  provider = createOllamaProvider({ address: `127.0.0.1:${(server.address() as AddressInfo).port}` })
})
beforeEach(() => {
  Object.assign(host, { architectureLength: 131_072, modelfile: '', loadedLength: 0, promptTokens: 10 })
  asked = []
})
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const open = (): Promise<ChatModel> => provider.openChatModel('any', never())
async function chat(content: string, rest: Omit<ChatRequest, 'messages'> = { maxTokens: 500 }): Promise<string> {
  let text = ''
  const model = await open()
  for await (const event of model.generate({ messages: [{ role: 'user', content }], ...rest }, never()))
    text += event.kind === 'delta' ? event.text : ''
  return text
}
const listed = async () => (await provider.listModels(never()))[0]?.contextLength

test('what fits into what the host gives by itself is left to the host', async () => {
  await chat('Short.')
  host.loadedLength = 0
  await chat('A word. '.repeat(1200))
  expect(asked).toEqual([null, null])
})

test('what is loaded is used as long as it suffices, so that nothing is loaded again', async () => {
  host.loadedLength = 32_768
  await chat('Short.')
  await chat('A word. '.repeat(5000))
  expect(asked).toEqual([32_768, 32_768])
})

test.for([
  ['English', 'A word. '.repeat(2000), 8192],
  ['Chinese', '鹭在黎明时涉水穿过沼泽。'.repeat(400), 8192],
  ['a limit of its own', 'Short.', 8192, { maxTokens: 5000 }],
  ['more than is ever asked for', 'A word. '.repeat(50_000), 16_384],
] as const)('a longer context is asked for by need: %s', async ([, content, length, rest]) => {
  host.loadedLength = 4096
  await chat(content, rest)
  expect(asked).toEqual([length])
})

test('the context never exceeds what the model was made for', async () => {
  host.architectureLength = 2048
  expect((await open()).limits.contextLength).toBe(2048)
  await chat('A word. '.repeat(2000))
  expect(asked).toEqual([2048])
})

test('a length in the Modelfile is the last word', async () => {
  host.modelfile = 'stop "x"\nnum_ctx                        6000'
  expect([await listed(), (await open()).limits.contextLength]).toEqual([6000, 6000])
  await chat('A word. '.repeat(20_000))
  expect(asked).toEqual([6000])
})

test('a model says what a request can use, not what it was made for', async () => {
  expect([await listed(), (await open()).limits.contextLength]).toEqual([16_384, 16_384])
  host.loadedLength = 65_536
  expect([await listed(), (await open()).limits.contextLength]).toEqual([65_536, 65_536])
})

test('text that takes more tokens than it looks like gets the longest context before it is refused', async () => {
  host.promptTokens = 9000
  expect(await chat('Short.')).toBe('Yes.')
  expect(asked).toEqual([null, 16_384])
  host.promptTokens = 20_000
  await expect(chat('Short.')).rejects.toMatchObject({
    code: 'CONTEXT_TOO_LONG',
    message: expect.stringContaining('16384'),
  })
  expect(asked).toEqual([null, 16_384, 16_384])
})
