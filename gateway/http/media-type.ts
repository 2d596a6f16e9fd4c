// Which of the two media types of GraphQL answers a client gets, by its Accept header (RFC 9110, 12.5.1): the better liked one, `application/json`
// when both are liked alike, unless it is named second.
export const JSON_TYPE = 'application/json'
export const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json'

export function answerType(accept: string | undefined): typeof JSON_TYPE | typeof GRAPHQL_RESPONSE_TYPE {
  if (accept === undefined) return JSON_TYPE
  const ranges = accept.split(',').map((part, position) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    return { type, position, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 }
  })
  const likingOf = (type: string) =>
    ranges.find((range) => range.type === type) ??
    ranges.find((range) => range.type === 'application/*') ??
    ranges.find((range) => range.type === '*/*') ?? { position: Infinity, quality: 0 }
  const [json, graphql] = [likingOf(JSON_TYPE), likingOf(GRAPHQL_RESPONSE_TYPE)]
  const isGraphqlBetter =
    graphql.quality === json.quality ? graphql.position < json.position : graphql.quality > json.quality
  return isGraphqlBetter ? GRAPHQL_RESPONSE_TYPE : JSON_TYPE
}
