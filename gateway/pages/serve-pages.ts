// The pages for people: the list of operations and the bundled GraphiQL. (Sandbox, at /graphql, is a plugin of Apollo Server.)
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ExampleOperation } from './example-operations.ts'
import { createGraphiqlPage } from './graphiql-page.ts'
import { renderIndexPage } from './index-page.ts'

const graphiqlParameters = z.object({
  query: z.string().optional().catch(undefined),
  variables: z.string().optional().catch(undefined),
})

export function servePages(app: FastifyInstance, options: { operations: readonly ExampleOperation[] }): void {
  const graphiqlPage = createGraphiqlPage()
  app.get('/', async (request, reply) =>
    reply.type('text/html').send(
      renderIndexPage({
        endpoint: `${protocolOf(request)}://${request.host}/graphql`,
        operations: options.operations,
      }),
    ),
  )
  app.get('/graphiql', async (request, reply) =>
    reply.type('text/html; charset=utf-8').send(graphiqlPage(graphiqlParameters.parse(request.query))),
  )
}

/** A proxy that ends TLS says so. Whoever else sends the header changes only the links of the page that they get themselves. */
function protocolOf(request: FastifyRequest): string {
  const [forwarded] = String(request.headers['x-forwarded-proto'] ?? '').split(',')
  return forwarded === 'https' || forwarded === 'http' ? forwarded : request.protocol
}
