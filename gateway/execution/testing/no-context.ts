// The context of an operation that nobody in particular asked.
import { createRequestContext } from '../../request-context.ts'

export const noContext = createRequestContext({
  identity: null,
  signal: new AbortController().signal,
  requestId: 'test',
  headers: {},
  timeoutMs: Infinity,
})
