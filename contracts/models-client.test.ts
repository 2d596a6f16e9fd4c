// A generation over the internal API of models, from a server that says what a test wants it to say.
import { createServer, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createIdentitySigner, serviceIdentity } from './identity.ts'
import { createModelsClient, type GenerationLine } from './models-client.ts'

const opened: Server[] = []
afterEach(() => {
  for (const server of opened.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const started = {
  type: 'started',
  generationId: 'gen_1',
  model: {
    id: 'model_1',
    name: 'm',
    provider: 'OLLAMA',
    contextLength: 1,
    embeddingDimensions: null,
    parameterCount: null,
  },
} satisfies GenerationLine
const failed = {
  type: 'failed',
  code: 'MODEL_FAILED',
  message: 'It broke.',
  isRetryable: true,
} satisfies GenerationLine

/** Resolves, with the closed response, when the client has let go of the socket. */
async function startModels(lines: readonly GenerationLine[]) {
  const closed = Promise.withResolvers<void>()
  const server = createServer((_request, response: ServerResponse) => {
    response.on('close', () => closed.resolve())
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    // Never ended: that is left to the client.
    for (const line of lines) response.write(`${JSON.stringify(line)}\n`)
  })
  opened.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = createModelsClient({
    origin: () => origin,
    signer: createIdentitySigner({ key: 'k'.repeat(32) }),
  })
  const request = { modelName: null, messages: [{ role: 'USER' as const, content: 'Hello' }] }
  const generation = client.generate(serviceIdentity('ws_1', 'knowledge'), request, new AbortController().signal)
  return { generation, closed: closed.promise }
}

test('a generation that fails before its response has ended throws what it says, closes the socket and harms nobody else', async () => {
  const { generation, closed } = await startModels([started, failed])
  expect((await generation.next()).value).toEqual(started)
  await expect(generation.next()).rejects.toMatchObject({
    code: 'MODEL_FAILED',
    message: 'It broke.',
    isRetryable: true,
  })
  await closed
})

test('a consumer that leaves early closes the socket, and harms nobody else', async () => {
  const { generation, closed } = await startModels([started, { type: 'delta', text: 'Hel' }])
  expect((await generation.next()).value).toEqual(started)
  await generation.return(undefined)
  await closed
})
