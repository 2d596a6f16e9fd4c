// What is no GraphQL request at all is answered like one that is wrong: a GraphQL result with one error, its code and how to mend it.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ERROR_CATALOGUE, TributaryError, type ErrorCode } from '#shared/errors.ts'
import { answerType } from './media-type.ts'

export interface RequestErrorOptions {
  bodyLimitBytes: number
  onUnexpected: (error: unknown, requestId: string) => void
  /** Told of each with its code. */
  onRefused: (request: FastifyRequest, error: { extensions: { code: string } }) => void
}

/** What is wrong with a request as a whole. `message` goes on from "The request cannot be read:". */
export const requestError = (statusCode: number, message: string): Error =>
  Object.assign(new Error(message), { statusCode })

interface Refusal {
  status: number
  code: ErrorCode | 'BAD_REQUEST'
  message: string
}

/** Fastify's `errorHandler` of the endpoint. */
export function createRequestErrorHandler(options: RequestErrorOptions) {
  return (error: FastifyError | TributaryError, request: FastifyRequest, reply: FastifyReply): void => {
    const { status, code, message } = refusalOf(error, request, options)
    const extensions = code === 'BAD_REQUEST' ? { code } : { code, isRetryable: ERROR_CATALOGUE[code].isRetryable }
    options.onRefused(request, { extensions })
    // What is still coming of the body would be taken for the next request.
    if (status === 408 || status === 413) void reply.header('connection', 'close')
    void reply
      .status(status)
      .type(`${answerType(request.headers.accept)}; charset=utf-8`)
      .send(JSON.stringify({ errors: [{ message, extensions }] }))
  }
}

function refusalOf(
  error: FastifyError | TributaryError,
  request: FastifyRequest,
  { bodyLimitBytes, onUnexpected }: RequestErrorOptions,
): Refusal {
  if (error instanceof TributaryError)
    return { status: ERROR_CATALOGUE[error.code].httpStatus, code: error.code, message: error.message }
  const status = error.statusCode ?? 500
  if (status === 413)
    return {
      status,
      code: 'BODY_TOO_LARGE',
      message: `The request has ${request.headers['content-length'] ?? 'too many'} bytes; TRIBUTARY_BODY_LIMIT_BYTES allows ${bodyLimitBytes}. Send files and long texts as uploads.`,
    }
  if (status < 500) return { status, code: 'BAD_REQUEST', message: explain(error) }
  onUnexpected(error, request.id)
  return {
    status: 500,
    code: 'INTERNAL_SERVER_ERROR',
    message: `Something went wrong on the server. Its log has the details under request id ${request.id}.`,
  }
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
