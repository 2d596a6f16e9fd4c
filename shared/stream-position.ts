// A position in a stream as clients are told it: the cursor of the stream's log, and which stream it is. So one that is taken to another stream is refused
// instead of skipping there, and a client that comes back with nothing but the position it has reached (`Last-Event-ID`) can be taken to its stream.
import { cursorInvalid } from './stream-log.ts'

const SEPARATOR = '.'

export const formatPosition = (streamId: string, cursor: string): string => `${cursor}${SEPARATOR}${streamId}`

/** The cursor that `position` stands for in this stream. One without a stream was told by an earlier version. Throws CURSOR_INVALID. */
export function cursorIn(streamId: string, position: string | null): string | null {
  if (position === null) return null
  const { cursor, streamId: named } = split(position)
  if (named !== null && named !== streamId) throw cursorInvalid()
  return cursor
}

/** The stream that `position` is in. Throws CURSOR_INVALID where it names none. */
export function streamOf(position: string): string {
  const { streamId } = split(position)
  if (streamId === null) throw cursorInvalid()
  return streamId
}

function split(position: string): { cursor: string; streamId: string | null } {
  const at = position.indexOf(SEPARATOR)
  return at === -1
    ? { cursor: position, streamId: null }
    : { cursor: position.slice(0, at), streamId: position.slice(at + SEPARATOR.length) }
}
