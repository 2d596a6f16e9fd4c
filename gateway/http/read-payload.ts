// A GraphQL request over HTTP as one operation: of the search parameters of a GET, or the JSON body of a POST
// (https://graphql.github.io/graphql-over-http/draft/#sec-Request).
import type { FastifyRequest } from 'fastify'
import type { OperationPayload } from '../subscriptions/client-operations.ts'
import { requestError } from './request-errors.ts'

/** Throws what names the parameter that is wrong. */
export function readPayload({
  method,
  query,
  body,
}: Pick<FastifyRequest, 'method' | 'query' | 'body'>): OperationPayload {
  const isGet = method === 'GET'
  const given = (isGet ? { ...(query as object) } : body) as Record<string, unknown> | null | undefined
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw badRequest('send one operation, as a JSON object with "query".')
  const { query: text, operationName, documentId } = given
  for (const [name, value] of Object.entries({ query: text, operationName }))
    if (value !== undefined && value !== null && typeof value !== 'string')
      throw badRequest(`${name} must be a string.`)
  return {
    query: (text as string | null | undefined) ?? undefined,
    operationName: operationName as string | null | undefined,
    ...(documentId === undefined ? {} : { documentId }),
    variables: objectOf('variables', given['variables'], isGet),
    extensions: objectOf('extensions', given['extensions'], isGet),
  }
}

function objectOf(name: string, value: unknown, isText: boolean): Record<string, unknown> | null {
  if (value === undefined || value === null || (isText && value === '')) return null
  const object = isText ? parse(name, value) : value
  if (object === null) return null
  if (typeof object !== 'object' || Array.isArray(object)) throw badRequest(`${name} must be a JSON object.`)
  return object as Record<string, unknown>
}

function parse(name: string, text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    throw badRequest(`${name} must be a JSON object.`)
  }
}

const badRequest = (message: string): Error => requestError(400, message)
