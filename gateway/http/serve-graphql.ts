// The endpoint over HTTP. Apollo Server answers what is a GraphQL request, unless its results are to come as a stream; what is none, too long, too slow
// or too many at once is refused here.
import type { ApolloServer } from '@apollo/server'
import { fastifyApolloHandler } from '@as-integrations/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TributaryError } from '#shared/errors.ts'
import type { RequestContext } from '../request-context.ts'
import type { HttpPolicy } from './http-policy.ts'
import type { HttpStreams } from '../subscriptions/http-streams.ts'
import { streamType } from './media-type.ts'
import { createRequestErrorHandler, requestError, type RequestErrorOptions } from './request-errors.ts'

export interface ServeGraphqlOptions {
  apollo: ApolloServer<RequestContext>
  streams: HttpStreams
  createContext: (request: FastifyRequest, reply: FastifyReply) => Promise<RequestContext>
  policy: HttpPolicy
  onUnexpected: (error: unknown, requestId: string) => void
  /** Told of each error of a request that is refused as a whole, here or by Apollo Server. */
  onRefused: RequestErrorOptions['onRefused']
}

export function serveGraphql(app: FastifyInstance, options: ServeGraphqlOptions): void {
  const { policy } = options
  const answer = fastifyApolloHandler(options.apollo as never, { context: options.createContext }) as unknown as (
    request: FastifyRequest,
    reply: FastifyReply,
  ) => Promise<unknown>
  app.route({
    url: '/graphql',
    method: ['GET', 'POST', 'OPTIONS'],
    bodyLimit: policy.bodyLimitBytes,
    errorHandler: createRequestErrorHandler({
      bodyLimitBytes: policy.bodyLimitBytes,
      onUnexpected: options.onUnexpected,
      onRefused: options.onRefused,
    }),
    preParsing: (request, _reply, payload, done) => {
      if (!['identity', undefined].includes(request.headers['content-encoding']))
        return done(requestError(415, 'bodies may not be compressed.'))
      const timer = setTimeout(() => {
        // Not destroyed: the socket is still needed, to say so.
        payload.emit('error', requestError(408, `its body took longer than ${policy.bodyTimeoutMs} ms.`))
      }, policy.bodyTimeoutMs)
      const clear = () => clearTimeout(timer)
      payload.once('end', clear).once('close', clear)
      return done(null, payload)
    },
    preHandler: (request, _reply, done) => done(refuseBatch(request.body, policy.batchLimit)),
    handler: async (request, reply) => {
      const stream = streamType(request.headers.accept)
      if (stream !== null && request.method !== 'OPTIONS') return options.streams.serve(request, reply, stream)
      const body = await answer(request, reply)
      if (reply.statusCode >= 400) for (const error of errorsOf(body)) options.onRefused(request, error)
      // As text it would be copied once for its length and once more behind the headers.
      return typeof body === 'string' ? Buffer.from(body) : body
    },
  })
}

/**
 * Of an answer as it is sent: Apollo Server tells nobody else whose request it refuses before there is an operation. Those of a batch's operations are
 * not the request's.
 */
function errorsOf(body: unknown): { extensions: { code: string } }[] {
  if (typeof body !== 'string') return []
  const { errors = [] } = JSON.parse(body) as { errors?: { extensions?: { code?: string } }[] }
  return errors.map(({ extensions }) => ({ extensions: { code: extensions?.code ?? 'BAD_REQUEST' } }))
}

function refuseBatch(body: unknown, limit: number): TributaryError | undefined {
  if (!Array.isArray(body) || body.length <= limit) return undefined
  return new TributaryError(
    'BATCH_LIMIT_EXCEEDED',
    limit === 0
      ? `The request is an array of ${body.length} operations; TRIBUTARY_BATCH_LIMIT is 0, so each is a request of its own.`
      : `The request holds ${body.length} operations; TRIBUTARY_BATCH_LIMIT allows ${limit}.`,
  )
}
