// PUT <uploads path>/<id>?token=…: raw bytes, read as a stream, never buffered whole. The token in the address is the only credential.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { closedEarly } from '#shared/graphql/subgraph-server.ts'
import { UPLOADS_PATH } from '../../contracts/upload-path.ts'
import type { Uploads } from './uploads.ts'

const querySchema = z.object({ token: z.string().max(200).catch('') })

export async function addUploadRoute(app: FastifyInstance, uploads: Uploads): Promise<void> {
  // In a scope of its own: here every content type is bytes, JSON too.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.put<{ Params: { id: string } }>(`${UPLOADS_PATH}/:id`, async (request, reply) => {
      const { token } = querySchema.parse(request.query ?? {})
      const length = request.headers['content-length']
      // Refused before the end of its body, the connection cannot be used again.
      void reply.header('connection', 'close')
      const upload = await uploads.receive(
        request.params.id,
        token,
        request.raw,
        length === undefined ? null : Number(length),
        closedEarly(reply),
      )
      return reply.status(201).send({ id: upload.id, sizeBytes: upload.sizeBytes, sha256: upload.sha256 })
    })
  })
}
