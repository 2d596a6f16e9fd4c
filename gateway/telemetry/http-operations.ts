// The record of an operation over HTTP: it begins before anything is read of the request and ends with the response, or when the client leaves.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { OperationRecord, OperationRecordOptions } from './operation-record.ts'

type BeginRecord = (options: Pick<OperationRecordOptions, 'requestId' | 'transport' | 'headers'>) => OperationRecord

export interface HttpOperations {
  /** Undefined for what is no operation: preflight requests and the page for browsers. */
  recordOf(request: FastifyRequest): OperationRecord | undefined
}

export function recordHttpOperations(app: FastifyInstance, begin: BeginRecord): HttpOperations {
  const records = new WeakMap<FastifyRequest, OperationRecord>()
  app.addHook('onRequest', async (request, reply) => {
    if (!isOperation(request)) return
    const record = begin({ requestId: request.id, transport: 'http', headers: request.headers })
    records.set(request, record)
    const { raw } = reply
    // Of the connection, one answer after the other: whatever compresses or chunks them has done so.
    const { socket } = request.raw
    const writtenBefore = socket.bytesWritten
    raw.once('close', () => {
      if (raw.writableFinished)
        return record.end({ status: raw.statusCode, sizeBytes: socket.bytesWritten - writtenBefore })
      record.fail(CLIENT_LEFT)
      record.end()
    })
  })
  return { recordOf: (request) => records.get(request) }
}

const CLIENT_LEFT = { extensions: { code: 'CANCELLED' } }

function isOperation({ method, url }: FastifyRequest): boolean {
  const [path, search] = url.split('?', 2)
  return path === '/graphql' && (method === 'POST' || (method === 'GET' && search !== undefined))
}
