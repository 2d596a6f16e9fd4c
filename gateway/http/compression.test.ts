import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { serveCompressed } from './compression.ts'

test('events are sent as they are, and what is text is compressed', async () => {
  const app = Fastify()
  await serveCompressed(app, { thresholdBytes: 10 })
  app.get('/:type/:subtype', async (request, reply) => {
    const { type, subtype } = request.params as { type: string; subtype: string }
    return reply.type(`${type}/${subtype}`).send('x'.repeat(1000))
  })
  const encodingOf = async (type: string) =>
    (await app.inject({ url: `/${type}`, headers: { 'accept-encoding': 'br' } })).headers['content-encoding']
  for (const type of ['application/json', 'application/graphql-response+json', 'text/html'])
    expect([type, await encodingOf(type)]).toEqual([type, 'br'])
  for (const type of ['text/event-stream', 'multipart/mixed'])
    expect([type, await encodingOf(type)]).toEqual([type, undefined])
  await app.close()
})
