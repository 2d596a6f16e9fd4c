// A real S3 server for tests: versitygw, which keeps objects as files of a folder. Its bucket is there from the start.
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { patiently } from '../harness/patience.ts'
import { ensureInstalled, goInstall, type Installed, type Recipe } from './install.ts'
import { startServer, type RunningService } from './server.ts'
import type { Ensured } from './service.ts'

const VERSION = '1.8.0'
const BUCKET = 'tributary'
const REGION = 'us-east-1'
const CREDENTIALS = { accessKeyId: 'tributary', secretAccessKey: 'tributary-for-tests' }

export interface RunningS3 extends RunningService {
  bucket: string
  /** Closed with the server. */
  client: S3Client
  /** From the next start on, writing is refused, or allowed again. */
  setReadOnly(isReadOnly: boolean): void
}

export interface StartS3Options {
  /** Folder of the objects, for example on a small disk. Default: one in the server's own directory. */
  objects?: string
}

const versitygwRecipe: Recipe = {
  name: 'versitygw',
  version: VERSION,
  program: 'bin/versitygw',
  duration: 'about two minutes',
  async install({ staging, signal }) {
    await goInstall(`github.com/versity/versitygw/cmd/versitygw@v${VERSION}`, staging, { signal })
  },
}

export const ensureS3 = (): Promise<Ensured<Installed>> => ensureInstalled(versitygwRecipe)

export async function startS3({ program }: Installed, options: StartS3Options = {}): Promise<RunningS3> {
  let isReadOnly = false
  const endpointOf = (port: number) => `http://127.0.0.1:${port}`
  const server = await startServer({
    name: 's3',
    async prepare({ directory }) {
      for (const folder of [objectsIn(directory), metadataIn(directory)]) await mkdir(folder, { recursive: true })
    },
    command: ({ directory, ports }) => ({
      command: program,
      arguments: [
        ...Object.entries({ port: `127.0.0.1:${ports[0]!}`, region: REGION, health: '/health' }).flatMap(
          ([name, value]) => [`--${name}`, value],
        ),
        ...(isReadOnly ? ['--readonly'] : []),
        '--keep-alive',
        'posix',
        // What is known of an object lies in files beside it: not every temporary folder has extended attributes.
        '--sidecar',
        metadataIn(directory),
        options.objects ?? objectsIn(directory),
      ],
      environment: {
        ROOT_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
        ROOT_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      },
    }),
    isReady: (line) => line.includes('service listening on'),
    async waitUntilReady({ ports }) {
      await patiently(() => fetch(`${endpointOf(ports[0]!)}/health`))
    },
    environment: ({ ports }) => ({
      S3_ENDPOINT: endpointOf(ports[0]!),
      S3_BUCKET: BUCKET,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    }),
  })
  const endpoint = server.environment['S3_ENDPOINT']!
  const client = new S3Client({ endpoint, region: REGION, credentials: CREDENTIALS, forcePathStyle: true })
  const close = async () => {
    client.destroy()
    await server.close()
  }
  try {
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  } catch (error) {
    await close()
    throw error
  }
  return { ...server, bucket: BUCKET, client, setReadOnly: (value) => (isReadOnly = value), close }
}

const objectsIn = (directory: string): string => path.join(directory, 'objects')
const metadataIn = (directory: string): string => path.join(directory, 'metadata')
