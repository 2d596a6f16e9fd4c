// Whose words clients read.
import { expect, test } from 'vitest'
import { createErrorMask } from './mask-errors.ts'
import { defaultSubgraphSettings, subgraphSettings, trafficSchema } from './settings.ts'

const masked: string[] = []
const mask = (extensions: Record<string, unknown> | undefined, settings = defaultSubgraphSettings()) =>
  createErrorMask({
    shownCodes: settings.shownErrorCodes,
    onMasked: (error, { requestId }) => masked.push(`${requestId}: ${error.message}`),
  })([{ message: 'table "users" at 10.0.0.3', path: ['a', 1], ...(extensions ? { extensions } : {}) }], {
    subgraph: 'a',
    requestId: 'r-1',
  })[0]!

test.each([undefined, {}, { code: 'INTERNAL_SERVER_ERROR' }, { code: 'DOWNSTREAM' }, { code: 7 }])(
  'with %j the message stays inside, code and path do not',
  (extensions) => {
    masked.length = 0
    const error = mask(extensions)
    expect(error.message).toBe('Something went wrong on the server. Its log has the details under request id r-1.')
    expect(error.path).toEqual(['a', 1])
    expect(error.extensions).toEqual({ ...extensions, requestId: 'r-1' })
    expect(masked).toEqual(['r-1: table "users" at 10.0.0.3'])
  },
)

test('what the platform says to clients is shown', () => {
  expect(mask({ code: 'NOT_FOUND' })).toMatchObject({
    message: 'table "users" at 10.0.0.3',
    extensions: { code: 'NOT_FOUND' },
  })
})

test('the request id that a subgraph has logged stays, where it can be one', () => {
  expect(mask({ code: 'INTERNAL_SERVER_ERROR', requestId: 'theirs' }).message).toContain('under request id theirs.')
  expect(mask({ requestId: '<script>' }).message).toContain('under request id r-1.')
})

test('a setting says which codes are shown', () => {
  const settings = (codes: string) =>
    subgraphSettings(trafficSchema.parse({ TRIBUTARY_GATEWAY_SHOWN_ERROR_CODES: codes }))
  expect(mask({ code: 'MINE' }, settings('MINE, OTHER')).message).toContain('table')
  expect(mask({ code: 'NOT_FOUND' }, settings('MINE, OTHER')).message).not.toContain('table')
  expect(mask(undefined, settings('*')).message).toContain('table')
})
