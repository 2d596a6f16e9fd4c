import { expect, test } from 'vitest'
import { readPage, toConnection } from './connection.ts'

test('pages follow each other by cursor without gap or overlap', () => {
  const rows = Array.from({ length: 5 }, (_, index) => ({ id: `r${index}` }))
  const seen: string[] = []
  let after: string | null = null
  for (;;) {
    const page = readPage({ first: 2, after })
    const start: number = page.after ? rows.findIndex(({ id }) => id === page.after![0]) + 1 : 0
    const connection = toConnection(rows.slice(start, start + page.limit + 1), page, ({ id }) => [id])
    seen.push(...connection.nodes.map(({ id }) => id))
    if (!connection.pageInfo.hasNextPage) break
    after = connection.pageInfo.endCursor
  }
  expect(seen).toEqual(['r0', 'r1', 'r2', 'r3', 'r4'])
})

test('an empty list has no cursor and no next page', () => {
  expect(toConnection([], readPage({}), () => [])).toEqual({
    edges: [],
    nodes: [],
    pageInfo: { hasNextPage: false, endCursor: null },
  })
})

test('first and after are checked, and the error names them', () => {
  for (const first of [0, -1, 101])
    expect(() => readPage({ first })).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', argumentPath: ['first'] }),
    )
  for (const after of ['x', '', 'W10', 'bnVsbA'])
    expect(() => readPage({ after })).toThrow(
      expect.objectContaining({ code: 'CURSOR_INVALID', argumentPath: ['after'] }),
    )
})
