// A subgraph's address that notes every GraphQL request before it passes it on: for counting what the gateway asks of whom.
import Fastify from 'fastify'
import { listen } from '#shared/graphql/subgraph-server.ts'

export interface RecordedRequest {
  subgraph: string
  query: string
  /** Type names of the entities asked for, one per representation. */
  representations: string[]
}

export interface RecordingProxy {
  url: string
  close(): Promise<void>
}

export async function startRecordingProxy(options: {
  subgraph: string
  targetUrl: string
  onRequest: (request: RecordedRequest) => void
}): Promise<RecordingProxy> {
  const app = Fastify({ forceCloseConnections: true })
  app.post('/*', async (request, reply) => {
    const body = request.body as { query: string; variables?: { representations?: { __typename: string }[] } }
    if (request.url === '/graphql') {
      const representations = (body.variables?.representations ?? []).map(({ __typename }) => __typename)
      options.onRequest({ subgraph: options.subgraph, query: body.query, representations })
    }
    const response = await fetch(new URL(request.url, options.targetUrl), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'tributary-identity': String(request.headers['tributary-identity'] ?? ''),
      },
      body: JSON.stringify(body),
    })
    return reply
      .status(response.status)
      .type('application/json')
      .send(await response.text())
  })
  return { url: `${await listen(app, '127.0.0.1', 0)}/graphql`, close: () => app.close() }
}
