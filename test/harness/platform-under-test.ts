// What a user story needs of a running platform, whichever way it runs: as one process over embedded stores, or every role by itself on
// PostgreSQL.
import type { TestClient } from './client.ts'

export interface PlatformUnderTest {
  /** The GraphQL endpoint. */
  url: string
  adminApiKey: string
  /** Of an administrator of another workspace. */
  foreignApiKey: string
  /** A client with this key (null: none; default: the administrator's), closed together with the platform. */
  client(apiKey?: string | null): TestClient
  close(): Promise<void>
}

/** Whole processes start and documents are embedded in these tests; a machine that is busy beside needs patience, not another outcome. */
export const STORY_TIMEOUTS = { testTimeout: 120_000, hookTimeout: 300_000 }
