// Which media type a client gets, by its Accept header (RFC 9110, 12.5.1): the best liked one, and of those liked alike the one named first. Where only
// JSON is asked for, or anything, `application/json`.
export const JSON_TYPE = 'application/json'
export const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json'
/** GraphQL over Server-Sent Events, in distinct connections mode. */
export const EVENT_STREAM_TYPE = 'text/event-stream'
/** Apollo's protocol for subscriptions, told by its parameter `subscriptionSpec`. */
export const MULTIPART_TYPE = 'multipart/mixed'

export type StreamType = typeof EVENT_STREAM_TYPE | typeof MULTIPART_TYPE

interface MediaRange {
  type: string
  position: number
  quality: number
  isForSubscriptions: boolean
}

export function answerType(accept: string | undefined): typeof JSON_TYPE | typeof GRAPHQL_RESPONSE_TYPE {
  if (accept === undefined) return JSON_TYPE
  const ranges = rangesOf(accept)
  return isBetter(likingOf(GRAPHQL_RESPONSE_TYPE, ranges), likingOf(JSON_TYPE, ranges))
    ? GRAPHQL_RESPONSE_TYPE
    : JSON_TYPE
}

/** Null where an answer of one piece is liked as well or better: results come as a stream only for those that name one. */
export function streamType(accept: string | undefined): StreamType | null {
  if (accept === undefined) return null
  const ranges = rangesOf(accept)
  const pieces = [JSON_TYPE, GRAPHQL_RESPONSE_TYPE].map((type) => likingOf(type, ranges))
  const [best] = ranges
    .filter(
      ({ type, quality, isForSubscriptions }) =>
        quality > 0 && (type === EVENT_STREAM_TYPE || (type === MULTIPART_TYPE && isForSubscriptions)),
    )
    .toSorted((one, other) => (isBetter(one, other) ? -1 : 1))
  return best && pieces.every((piece) => isBetter(best, piece)) ? (best.type as StreamType) : null
}

const NOT_LIKED = { position: Infinity, quality: 0 }

function rangesOf(accept: string): MediaRange[] {
  return accept.split(',').map((part, position) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    return {
      type,
      position,
      quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0,
      isForSubscriptions: parameters.some((parameter) => /^subscriptionspec="?1\.0"?$/.test(parameter)),
    }
  })
}

type Liking = Pick<MediaRange, 'position' | 'quality'>

const likingOf = (wanted: string, ranges: readonly MediaRange[]): Liking =>
  [wanted, 'application/*', '*/*'].map((name) => ranges.find(({ type }) => type === name)).find(Boolean) ?? NOT_LIKED

const isBetter = (one: Liking, other: Liking): boolean =>
  one.quality === other.quality ? one.position < other.position : one.quality > other.quality
