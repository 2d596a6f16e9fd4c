// Qdrant's front refuses what Qdrant's published types do not allow, so that an adapter cannot pass on what only local mode forgives.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureQdrant, startQdrant, type RunningQdrant } from './qdrant.ts'
import { describeWithService } from './service.ts'

const ensured = await ensureQdrant()
const isElsewhere = 'installation' in ensured && ensured.installation.kind === 'server'

if (isElsewhere) test.skip("Qdrant's front (skipped: QDRANT_URL is set, so it is not used)", () => undefined)
else
  describeWithService("Qdrant's front", ensured, (installation) => {
    let server: RunningQdrant
    beforeAll(async () => {
      server = await startQdrant(installation, { apiKey: 'secret' })
      const collection = { vectors: { dense: { size: 2, distance: 'Dot' } }, sparse_vectors: { lexical: {} } }
      expect(await send('PUT', '/collections/known', collection)).toMatchObject({ status: 200 })
    })
    afterAll(() => server.close())

    async function send(method: string, path: string, body?: unknown, key = 'secret') {
      const response = await fetch(server.url + path, {
        method,
        headers: { 'api-key': key, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as { status: { error?: string } } }
    }
    const point = (change: object) => ({
      points: [{ id: 1, vector: { dense: [1, 0] }, payload: { any: ['thing', 1] }, ...change }],
    })
    const points = '/collections/known/points?wait=true'

    test('what fits is taken', async () => {
      expect(await send('PUT', points, point({}))).toMatchObject({ status: 200, body: { status: 'ok' } })
      expect(await send('GET', '/collections')).toMatchObject({
        status: 200,
        body: { result: { collections: [{ name: 'known' }] } },
      })
    })

    test.each([
      ['a field that is not there', 'PUT', points, point({ vectors: [1, 0] })],
      [
        'a field that is not there, deep inside',
        'PUT',
        points,
        point({ vector: { lexical: { indices: [1], values: [1], sum: 1 } } }),
      ],
      ['a number as text', 'PUT', points, point({ vector: { dense: ['1', 0] } })],
      ['an id that is neither number nor UUID', 'PUT', points, point({ id: 'chunk_1' })],
      ['a vector of another length', 'PUT', points, point({ vector: { dense: [1, 0, 0] } })],
      ['a vector of an unknown name', 'PUT', points, point({ vector: { thick: [1, 0] } })],
      ['an index twice', 'PUT', points, point({ vector: { lexical: { indices: [1, 1], values: [1, 1] } } })],
      ['an unknown query parameter', 'PUT', `${points}&sync=true`, point({})],
      ['a value outside an enumeration', 'PUT', `${points}&ordering=total`, point({})],
      [
        'a condition that is none',
        'POST',
        '/collections/known/points/count',
        { filter: { must: [{ key: 'any', is: 'thing' }] } },
      ],
      ['a missing field', 'POST', '/collections/known/points/query/batch', {}],
      [
        'a wrong limit',
        'POST',
        '/collections/known/points/query/batch',
        { searches: [{ query: [1, 0], using: 'dense', limit: 0 }] },
      ],
    ])('%s is refused', async (_, method, path, body) => {
      const refused = await send(method, path, body)
      expect(refused.status).toBe(400)
      expect(refused.body.status.error).toEqual(expect.any(String))
    })

    test('an unknown collection, operation or key has the status that Qdrant gives it', async () => {
      expect(await send('POST', '/collections/unknown/points/count', {})).toMatchObject({ status: 404 })
      expect(await send('PUT', '/collections/known', { vectors: {} })).toMatchObject({ status: 409 })
      expect(await send('POST', '/collections/known/points/imagine', {})).toMatchObject({ status: 404 })
      expect(await send('GET', '/collections', undefined, 'wrong')).toMatchObject({ status: 401 })
    })
  })
