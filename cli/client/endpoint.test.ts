// What a person is told when the connection fails: each of the ways in which a server can fail them, by a server that does.
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { ask } from './ask.ts'
import { createEndpoint, type Endpoint } from './endpoint.ts'

const opened: { server: Server; endpoint: Endpoint }[] = []
afterEach(async () => {
  for (const { server, endpoint } of opened.splice(0)) {
    await endpoint.close()
    server.closeAllConnections()
    server.close()
  }
})

async function open(onRequest: RequestListener, onSocket?: (socket: WebSocket) => void): Promise<Endpoint> {
  const server = createServer(onRequest).listen(0, '127.0.0.1')
  await once(server, 'listening')
  if (onSocket)
    new WebSocketServer({ server, handleProtocols: () => 'graphql-transport-ws' }).on('connection', onSocket)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  const endpoint = createEndpoint({ url, apiKey: 'trb_x' })
  opened.push({ server, endpoint })
  return endpoint
}

const refuse: RequestListener = (_request, response) => void response.writeHead(404).end()
const QUESTION = { question: 'x', knowledgeBaseIds: [], mode: null, modelName: null }
const firstEvent = (endpoint: Endpoint) => ask(endpoint, QUESTION).next()

describe('over HTTP', () => {
  it('an answer that breaks off is a lost connection, not another program', async () => {
    const endpoint = await open((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
      response.write('{"data":{"viewer":', () => response.destroy())
    })
    await expect(endpoint.request('Viewer')).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      exitStatus: 3,
      message: expect.stringMatching(/^The connection to http.* was lost/),
    })
  })

  it('an answer that is no JSON is another program', async () => {
    const endpoint = await open((_request, response) => response.end('<html>'))
    await expect(endpoint.request('Viewer')).rejects.toMatchObject({ code: 'NOT_THE_ENDPOINT' })
  })
})

describe('over a WebSocket', () => {
  it.each([4401, 4403])('closed with %i, the key is not accepted', async (code) => {
    const endpoint = await open(refuse, (socket) => socket.close(code, 'Forbidden'))
    await expect(firstEvent(endpoint)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', exitStatus: 4 })
  })

  it('closed with 4400, the two do not understand each other, whatever the key', async () => {
    const endpoint = await open(refuse, (socket) => socket.close(4400, 'Invalid message'))
    await expect(firstEvent(endpoint)).rejects.toMatchObject({
      code: 'NOT_UNDERSTOOD',
      exitStatus: 1,
      message: expect.stringMatching(/4400: Invalid message.*version/s),
    })
  })

  it.each([
    ['a trouble of its own', (socket: WebSocket) => socket.close(4500, 'Internal server error')],
    [
      'the question just asked',
      (socket: WebSocket) =>
        socket.on('message', (message: Buffer) => {
          const { type } = JSON.parse(message.toString()) as { type: string }
          if (type === 'connection_init') socket.send(JSON.stringify({ type: 'connection_ack' }))
          else if (type === 'subscribe') socket.terminate()
        }),
    ],
  ])('cut off over %s, the connection is lost, and somebody did answer', async (_what, onSocket) => {
    const endpoint = await open(refuse, onSocket)
    await expect(firstEvent(endpoint)).rejects.toMatchObject({ code: 'CONNECTION_LOST', exitStatus: 3 })
  })
})
