// Answers are compressed for those who ask, with settings for text that is made on the fly. Streams of events are not: each event is to arrive at once.
import compress from '@fastify/compress'
import type { FastifyInstance } from 'fastify'
import { constants } from 'node:zlib'

const COMPRESSIBLE = /^(?:application\/(?:.+\+)?json|application\/javascript|image\/svg\+xml|text\/(?!event-stream))/
/** Of 0 to 11. Higher ones cost more time than they save on the way. */
const BROTLI_QUALITY = 4

export async function serveCompressed(app: FastifyInstance, options: { thresholdBytes: number }): Promise<void> {
  await app.register(compress, {
    threshold: options.thresholdBytes,
    encodings: ['br', 'gzip'],
    customTypes: COMPRESSIBLE,
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } },
    // A small body could become a huge one.
    globalDecompression: false,
  })
}
