// The real Weaviate server for tests: several at once, keys by option, and what it stored is there after a restart.
import { expect, test } from 'vitest'
import { describeWithService } from './service.ts'
import { ensureWeaviate, startWeaviate } from './weaviate.ts'

const authorization = (key: string) => ({
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
})

describeWithService('weaviate', await ensureWeaviate(), (installation) => {
  test('two run at once, one with keys, and a collection outlives a killed server', async () => {
    await using stack = new AsyncDisposableStack()
    const apiKeys = { administrator: 'all-of-it', reader: 'reading-only' }
    const [open, locked] = await Promise.all([
      startWeaviate(installation).then((server) => stack.adopt(server, (each) => each.close())),
      startWeaviate(installation, { apiKeys }).then((server) => stack.adopt(server, (each) => each.close())),
    ])
    const schema = (url: string) => `${url}/v1/schema`
    const body = JSON.stringify({ class: 'Kept' })
    expect((await fetch(schema(open.url))).status).toBe(200)
    expect((await fetch(schema(locked.url))).status).toBe(401)
    const create = (key: string) => fetch(schema(locked.url), { method: 'POST', body, ...authorization(key) })
    expect((await create(apiKeys.reader)).status).toBe(403)
    expect((await create(apiKeys.administrator)).status).toBe(200)
    await locked.stop('SIGKILL')
    await locked.start()
    const kept = await fetch(`${schema(locked.url)}/Kept`, authorization(apiKeys.reader))
    expect(kept.status).toBe(200)
  })
})
