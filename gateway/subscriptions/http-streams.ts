// Streams of results over HTTP, each the response to one request. A client that reads slowly is waited for, and with it only its own stream; one that has
// left, or whose credential counts no more, has its stream ended.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { getOperationAST, OperationTypeNode, type GraphQLError } from 'graphql'
import { ERROR_CATALOGUE, TributaryError } from '#shared/errors.ts'
import type { CredentialWatch } from '../auth/credential-watch.ts'
import { JSON_TYPE, type StreamType } from '../http/media-type.ts'
import { mayBeForged } from '../http/preflight.ts'
import { readPayload } from '../http/read-payload.ts'
import { requestError } from '../http/request-errors.ts'
import type { HttpOperations } from '../telemetry/http-operations.ts'
import { toGraphQLError, type ClientOperation, type ClientOperations } from './client-operations.ts'
import { streamFormats } from './stream-formats.ts'
import { writeStream } from './write-stream.ts'

export interface HttpStreams {
  /** `type`: as the request asks for it. Throws what is wrong with the request, before anything of an operation is known. */
  serve(request: FastifyRequest, reply: FastifyReply, type: StreamType): Promise<FastifyReply>
  /** Ends those that are open, and begins no other: clients are asked to go on elsewhere. */
  close(): void
}

export interface HttpStreamsOptions {
  operations: ClientOperations
  credentials: CredentialWatch
  recordsOf: HttpOperations['recordsOf']
  /** Pages of these may send requests that are no operation of their own. */
  allowedOrigins: readonly string[]
  /** How long a stream may be quiet, in milliseconds. */
  heartbeatMs: number
}

/** Clients of a gateway that is lost, or that stops, come back one after the other. */
const comeBackAfterMs = (): number => Math.round(500 + Math.random() * 2500)

export function createHttpStreams(options: HttpStreamsOptions): HttpStreams {
  const { operations, credentials } = options
  const open = new Set<AbortController>()
  let isClosed = false

  return {
    async serve(request, reply, type) {
      const format = streamFormats[type]
      const { headers, id: requestId } = request
      if (mayBeForged(headers, options.allowedOrigins))
        throw requestError(400, 'a page of any origin could have sent it. Send the header "apollo-require-preflight".')
      const payload = readPayload(request)
      const [record] = options.recordsOf(request)
      if (!record) throw requestError(400, 'it has no operation. Send one as "query".')

      const controller = new AbortController()
      const { signal } = controller
      reply.raw.once('close', () => controller.abort())
      const { authorization } = headers
      // Whatever is to be buffered on the way, these are not.
      reply.header('cache-control', 'no-cache, no-transform').header('x-accel-buffering', 'no')

      const refuse = (refused: readonly GraphQLError[]): FastifyReply => {
        for (const error of refused) record.fail(error)
        const result = { errors: operations.formatErrors(refused, requestId) }
        const status = statusToRetryAt(refused)
        if (status !== null)
          return reply
            .status(status)
            .type(`${JSON_TYPE}; charset=utf-8`)
            .header('retry-after', '1')
            .send(JSON.stringify(result))
        // Clients of streams show what comes with the stream, and repeat what is refused by a status.
        return reply
          .type(format.contentType)
          .send(format.opening(comeBackAfterMs()) + format.result(result, null) + format.complete)
      }

      if (isClosed) return refuse([toGraphQLError(shuttingDown())])
      let operation: ClientOperation
      try {
        const lastEventId = textOf(headers['last-event-id'])
        const asked = await operations.accept(payload, {
          authorization,
          signal,
          headers,
          record,
          requestId,
          lastEventId,
        })
        if (asked.kind === 'invalid') return refuse(asked.errors)
        operation = asked.operation
      } catch (error) {
        return refuse([toGraphQLError(error)])
      }
      const { args } = operation
      if (request.method === 'GET' && isMutation(operation)) throw requestError(405, 'a mutation is sent with POST.')
      const context = args.contextValue
      open.add(controller)
      const unwatch =
        context.identity && authorization
          ? credentials.watch(authorization, (error) => controller.abort(error))
          : () => undefined
      reply.raw.once('close', () => {
        open.delete(controller)
        unwatch()
      })
      return reply.type(format.contentType).send(
        writeStream({
          format,
          run: operation.run,
          formatResult: (result) => operations.format(result, context),
          formatFailure: (error) => operations.format({ errors: [toGraphQLError(error)] }, context),
          signal,
          heartbeatMs: options.heartbeatMs,
          comeBackAfterMs: comeBackAfterMs(),
        }),
      )
    },
    close() {
      isClosed = true
      for (const controller of open) controller.abort(shuttingDown())
    },
  }
}

const shuttingDown = () =>
  new TributaryError('SHUTTING_DOWN', 'This gateway is stopping. Subscribe again with the last cursor as "after".')

const isMutation = ({ args }: ClientOperation): boolean =>
  getOperationAST(args.document, args.operationName)?.operation === OperationTypeNode.MUTATION

/** Null where repeating the request does not help. */
function statusToRetryAt(errors: readonly GraphQLError[]): number | null {
  const [original] = errors.map(({ originalError }) => originalError)
  return original instanceof TributaryError && original.isRetryable ? ERROR_CATALOGUE[original.code].httpStatus : null
}

const textOf = (header: string | string[] | undefined): string | null => (typeof header === 'string' ? header : null)
