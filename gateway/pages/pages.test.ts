import { afterAll, expect, test } from 'vitest'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'

const { gateway, close } = await startTwoSubgraphs()
afterAll(close)

test('the pages for people, health, readiness and metrics answer', async () => {
  const get = async (url: string, accept = '*/*') => (await fetch(gateway.origin + url, { headers: { accept } })).text()
  expect(await get('/')).toContain('Operations to start from')
  expect(await get('/graphiql')).toContain('YogaGraphiQL')
  expect(await get('/graphql', 'text/html')).toContain('sandbox')
  expect(JSON.parse(await get('/health'))).toEqual({ status: 'live' })
  expect(JSON.parse(await get('/ready'))).toEqual({ status: 'ready' })
  expect(await get('/metrics')).toContain('tributary_gateway_operation_duration_seconds')
})
