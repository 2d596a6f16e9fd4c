// The public audit of GraphQL over HTTP, against a gateway that really listens: all that MUST and all that SHOULD be. What MAY be is printed.
import { auditServer } from 'graphql-http'
import { afterAll, expect, test } from 'vitest'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'

const { url, close } = await startTwoSubgraphs()
afterAll(close)

test('the gateway speaks GraphQL over HTTP as the specification says', async () => {
  const results = await auditServer({ url })
  const failed = results.flatMap((result) =>
    result.status === 'ok' ? [] : [`${result.name} [${result.id}]: ${result.reason}`],
  )
  console.log(`${results.length} audits, of which these are not followed:\n${failed.join('\n')}`)
  expect(results.length).toBeGreaterThan(50)
  expect(failed.filter((name) => !name.startsWith('MAY '))).toEqual([])
})
