// What is no GraphQL request at all is answered like one that is wrong: a GraphQL result with one error, its code and how to mend it.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ERROR_CATALOGUE, TributaryError, type ErrorCode } from '#shared/errors.ts'
import { answerType } from './media-type.ts'

export interface RequestErrorOptions {
  bodyLimitBytes: number
  onUnexpected: (error: unknown, requestId: string) => void
}

/** Fastify's `errorHandler` of the endpoint. */
export function createRequestErrorHandler(options: RequestErrorOptions) {
  return (error: FastifyError | TributaryError, request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof TributaryError)
      return refuseRequest(request, reply, ERROR_CATALOGUE[error.code].httpStatus, error.code, error.message)
    const status = error.statusCode ?? 500
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      const message = `The request has ${sizeOf(request)} bytes; TRIBUTARY_BODY_LIMIT_BYTES allows ${options.bodyLimitBytes}. Send files and long texts as uploads.`
      return refuseRequest(request, reply, 413, 'BODY_TOO_LARGE', message)
    }
    if (status < 500) return refuseRequest(request, reply, status, 'BAD_REQUEST', explain(error))
    options.onUnexpected(error, request.id)
    const message = `Something went wrong on the server. Its log has the details under request id ${request.id}.`
    return refuseRequest(request, reply, 500, 'INTERNAL_SERVER_ERROR', message)
  }
}

function refuseRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  code: ErrorCode | 'BAD_REQUEST',
  message: string,
): FastifyReply {
  const extensions =
    code in ERROR_CATALOGUE ? { code, isRetryable: ERROR_CATALOGUE[code as ErrorCode].isRetryable } : { code }
  return (
    reply
      .status(status)
      // What is still coming of the body would be taken for the next request.
      .header('connection', status === 408 || status === 413 ? 'close' : 'keep-alive')
      .type(`${answerType(request.headers.accept)}; charset=utf-8`)
      .send(JSON.stringify({ errors: [{ message, extensions }] }))
  )
}

function explain(error: FastifyError): string {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'Requests are JSON: send content-type: application/json.'
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return 'The request has no body. Send JSON with "query".'
    default:
      return `The request cannot be read: ${error.message}`
  }
}

const sizeOf = (request: FastifyRequest): string => request.headers['content-length'] ?? 'too many'
