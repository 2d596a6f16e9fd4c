// A Platform for tests: a database of its own (PGlite in memory, or a fresh database on TEST_DATABASE_URL), queues, blobs and a signer.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createFolderBlobStore } from '#shared/folder-blob-store.ts'
import type { Database } from '#shared/database.ts'
import { createJobQueue } from '#shared/job-queue.ts'
import { createLogger } from '#shared/logger.ts'
import { streamLogsOn } from '#shared/open-stream-log.ts'
import { createIdentitySigner, type Identity, type Role } from '../../contracts/identity.ts'
import { ALL_MESSAGES } from '../../contracts/messages.ts'
import type { SubgraphName } from '../../contracts/node-types.ts'
import type { Platform } from '../../contracts/platform.ts'
import { openMemoryDatabase } from './new-database.ts'

export interface TestPlatform extends Platform {
  /** Filled by tests as they start subgraphs. */
  origins: Map<SubgraphName, string>
  /** Every statement sent so far, for counting. */
  statements: string[]
  /** Errors that the queue's handlers threw. */
  queueErrors: Error[]
  close(): Promise<void>
}

export async function createTestPlatform(
  options: { database?: Database; redisUrl?: string } = {},
): Promise<TestPlatform> {
  const dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'tributary-test-'))
  const statements: string[] = []
  const queueErrors: Error[] = []
  const database =
    options.database ?? (await openMemoryDatabase({ onStatement: (statement) => statements.push(statement) }))
  const queue = await createJobQueue({
    database,
    messages: ALL_MESSAGES,
    isOnlyProcess: true,
    closeTimeoutMs: 2000,
    onError: (error) => queueErrors.push(error),
  })
  const origins = new Map<SubgraphName, string>()
  return {
    database,
    queue,
    dataDirectory,
    origins,
    statements,
    queueErrors,
    blobs: createFolderBlobStore({ directory: path.join(dataDirectory, 'blobs') }),
    openStreamLog: streamLogsOn({
      database,
      redisUrl: options.redisUrl,
      onError: (error) => queueErrors.push(error instanceof Error ? error : new Error(String(error))),
    }),
    signer: createIdentitySigner({ key: randomBytes(32).toString('hex') }),
    logger: createLogger({ name: 'test', level: 'error' }),
    originOf(name) {
      const origin = origins.get(name)
      if (!origin) throw new Error(`The test did not start ${name}`)
      return origin
    },
    listen: { host: '127.0.0.1', port: 0 },
    isOnlyProcess: true,
    async close() {
      await queue.close()
      await database.close()
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}

export function testIdentity(workspaceId: string, ...roles: Role[]): Identity {
  return { workspaceId, subject: 'key_test', roles, scopes: [] }
}

/** One GraphQL request straight to a subgraph, as the gateway sends it. */
export async function requestSubgraph(
  { signer }: Pick<Platform, 'signer'>,
  url: string,
  identity: Identity | null,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<{ data?: any; errors?: { message: string; path?: (string | number)[]; extensions: { code: string } }[] }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(identity ? { 'tributary-identity': await signer.sign(identity) } : {}),
    },
    body: JSON.stringify({ query, variables }),
  })
  return (await response.json()) as never
}
