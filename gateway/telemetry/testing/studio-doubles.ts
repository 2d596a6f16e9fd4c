// Apollo Studio on loopback: its addresses for usage (gzip'ed protobuf) and for schemas (GraphQL), which decode and keep what they are sent.
import { Report, type IReport } from '@apollo/usage-reporting-protobuf'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

export interface UsageReport {
  headers: IncomingHttpHeaders
  report: IReport
  /** As it was before compression, to search for what must not be in it. */
  bytes: string
}

export interface SchemaReport {
  headers: IncomingHttpHeaders
  variables: { report: Record<string, unknown>; coreSchema: string | null }
}

export async function startStudioDoubles(options: { usageStatus?: number } = {}) {
  const usage: UsageReport[] = []
  const schemas: SchemaReport[] = []
  const paths: string[] = []
  const server = createServer((incoming, outgoing) => {
    void buffer(incoming).then((body) => {
      paths.push(incoming.url ?? '')
      if (incoming.url === '/api/ingress/traces') {
        const bytes = gunzipSync(body)
        usage.push({
          headers: incoming.headers,
          report: Report.toObject(Report.decode(bytes), { longs: Number }),
          bytes: bytes.toString('latin1'),
        })
        outgoing.writeHead(options.usageStatus ?? 200).end('{}')
        return
      }
      const { variables } = JSON.parse(body.toString('utf8')) as SchemaReport
      schemas.push({ headers: incoming.headers, variables })
      const reportSchema = {
        __typename: 'ReportSchemaResponse',
        inSeconds: variables.coreSchema === null ? 0 : 60,
        withCoreSchema: variables.coreSchema === null,
      }
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: { reportSchema } }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    usageUrl: origin,
    schemaUrl: `${origin}/api/graphql`,
    usage,
    schemas,
    /** Of every request, in order. */
    paths,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
