// The records of a request over HTTP: one, or one for each operation of a batch. The first begins before anything is read of the request; all end with
// the response, or when the client leaves.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { EVENT_STREAM_TYPE, MULTIPART_TYPE, streamType, type StreamType } from '../http/media-type.ts'
import type { OperationRecord, OperationRecordOptions, Transport } from './operation-record.ts'

type BeginRecord = (options: Pick<OperationRecordOptions, 'requestId' | 'transport' | 'headers'>) => OperationRecord

export interface HttpOperations {
  /** In the order of the operations, once the request is read. None for what is no operation: preflight requests and the page for browsers. */
  recordsOf(request: FastifyRequest): readonly OperationRecord[]
  /** What the request as a whole is refused with. */
  fail(request: FastifyRequest, error: unknown): void
}

export function recordHttpOperations(app: FastifyInstance, begin: BeginRecord): HttpOperations {
  const recordsBy = new WeakMap<FastifyRequest, OperationRecord[]>()
  const beginFor = (request: FastifyRequest) =>
    begin({ requestId: request.id, transport: transportOf(request), headers: request.headers })
  app.addHook('onRequest', async (request, reply) => {
    if (!isOperation(request)) return
    const records = [beginFor(request)]
    recordsBy.set(request, records)
    const { raw } = reply
    // Of the connection, one answer after the other: whatever compresses or chunks them has done so.
    const { socket } = request.raw
    const writtenBefore = socket.bytesWritten
    raw.once('close', () => {
      if (!raw.writableFinished) {
        for (const record of records) {
          record.fail(CLIENT_LEFT)
          record.end()
        }
        return
      }
      const sizeBytes = socket.bytesWritten - writtenBefore
      // The answers of a batch are one response, whose size counts once.
      records.forEach((record, index) =>
        record.end({ status: raw.statusCode, sizeBytes: index === 0 ? sizeBytes : null }),
      )
    })
  })
  return {
    recordsOf(request) {
      const records = recordsBy.get(request)
      if (!records) return []
      if (Array.isArray(request.body)) while (records.length < request.body.length) records.push(beginFor(request))
      return records
    },
    fail(request, error) {
      for (const record of recordsBy.get(request) ?? []) record.fail(error)
    },
  }
}

const TRANSPORTS: Record<StreamType, Transport> = { [EVENT_STREAM_TYPE]: 'sse', [MULTIPART_TYPE]: 'multipart' }

function transportOf({ headers }: FastifyRequest): Transport {
  const type = streamType(headers.accept)
  return type === null ? 'http' : TRANSPORTS[type]
}

const CLIENT_LEFT = { extensions: { code: 'CANCELLED' } }

function isOperation({ method, url }: FastifyRequest): boolean {
  const [path, search] = url.split('?', 2)
  return path === '/graphql' && (method === 'POST' || (method === 'GET' && search !== undefined))
}
