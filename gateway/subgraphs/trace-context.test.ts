// Only well-formed trace context goes on.
import { expect, test } from 'vitest'
import { readTraceContext } from './trace-context.ts'

const [TRACE, SPAN] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

test('well-formed context is kept, with its state', () => {
  const traceparent = `00-${TRACE}-${SPAN}-01`
  expect(readTraceContext({ traceparent, tracestate: 'a=1' })).toEqual({ traceparent, tracestate: 'a=1' })
  expect(readTraceContext({ traceparent: `01-${TRACE}-${SPAN}-01-more` })).toMatchObject({ tracestate: undefined })
})

test.each([
  '',
  'x',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
])('"%s" is dropped, and its state with it', (traceparent) => {
  expect(readTraceContext({ traceparent, tracestate: 'a=1' })).toBeNull()
})
