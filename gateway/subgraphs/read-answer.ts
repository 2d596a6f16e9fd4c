// A subgraph's HTTP answer as a GraphQL response (https://graphql.github.io/graphql-over-http/draft/): whatever the status, a body that is one
// counts. What is not of that shape never gets further than here.
import type { HttpAnswer } from './send.ts'
import type { SubgraphError, SubgraphResponse } from './subgraph-client.ts'
import { badStatus, SubgraphFailure } from './subgraph-failure.ts'

const NO_MESSAGE = 'The subgraph reported an error without a message.'

/** Throws UPSTREAM_UNAVAILABLE or UPSTREAM_TIMED_OUT for what is no GraphQL response. */
export function readAnswer(answer: HttpAnswer, subgraph: string): SubgraphResponse {
  const response = parse(answer.text)
  if (response) return response
  if (answer.status < 200 || answer.status > 299) throw badStatus(subgraph, answer, answer.headers['retry-after'])
  throw new SubgraphFailure(
    'UPSTREAM_UNAVAILABLE',
    `The subgraph "${subgraph}" answered with something that is no GraphQL response.`,
    { isRetryable: false },
  )
}

/** Null for what is no GraphQL response. */
function parse(text: string): SubgraphResponse | null {
  let body: unknown
  try {
    body = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch {
    return null
  }
  if (!isObject(body)) return null
  const { data, errors } = body
  if (data !== undefined && data !== null && !isObject(data)) return null
  if (errors !== undefined && errors !== null && !Array.isArray(errors)) return null
  if (Array.isArray(errors) && errors.length > 0) return { data, errors: errors.map(readError) }
  return data === undefined ? null : { data }
}

function readError(error: unknown): SubgraphError {
  if (!isObject(error)) return { message: NO_MESSAGE }
  const { message, path, extensions } = error
  return {
    message: typeof message === 'string' ? message : NO_MESSAGE,
    ...(Array.isArray(path) && path.every((step) => typeof step === 'string' || Number.isInteger(step))
      ? { path: path as (string | number)[] }
      : {}),
    ...(isObject(extensions) ? { extensions } : {}),
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
