// What a subgraph answered, made sure of: subgraphs are not trusted to speak GraphQL. Whatever it is not is told as an error.
import type { SubgraphError, SubgraphResponse } from '../subgraphs/subgraph-client.ts'
import { isJsonObject, type JsonObject } from './representation.ts'

export interface ReadResponse {
  data: JsonObject | null
  errors: readonly SubgraphError[]
}

/** `entityCount`: how many entities were asked for; undefined where it was not for entities. */
export function readResponse(response: SubgraphResponse, entityCount: number | undefined): ReadResponse {
  const { data, errors } = (isJsonObject(response) ? response : {}) as { data?: unknown; errors?: unknown }
  const told = Array.isArray(errors) ? errors.map(readError) : []
  if (!isJsonObject(data)) {
    const isExplained = told.length > 0 && (data === null || data === undefined)
    return { data: null, errors: isExplained ? told : [...told, invalid('answered without data.')] }
  }
  if (entityCount === undefined) return { data, errors: told }
  const entities = data['_entities']
  if (Array.isArray(entities) && entities.length === entityCount) return { data, errors: told }
  // Nobody knows which entity is which.
  const isExplained = told.length > 0 && (entities === null || entities === undefined)
  return {
    data: null,
    errors: isExplained ? told : [...told, invalid(`was asked for ${entityCount} entities and answered otherwise.`)],
  }
}

function readError(error: unknown): SubgraphError {
  const { message, path, extensions } = isJsonObject(error) ? error : {}
  return {
    message: typeof message === 'string' ? message : 'The subgraph answered with an error that says nothing.',
    ...(Array.isArray(path) && path.every(isStep) ? { path } : {}),
    ...(isJsonObject(extensions) ? { extensions } : {}),
  }
}

const isStep = (step: unknown): step is string | number => typeof step === 'string' || typeof step === 'number'

const invalid = (what: string): SubgraphError => ({
  message: `The subgraph ${what}`,
  extensions: { code: 'UPSTREAM_UNAVAILABLE', isRetryable: true },
})
