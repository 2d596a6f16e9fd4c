// API keys: create, list, revoke, and tell whose a secret is. The secret leaves this file once, when it is created.
import { and, desc, eq, inArray, isNull, lt, or, sql } from 'drizzle-orm'
import type { SqlExecutor } from '#shared/database.ts'
import { createId, hasPrefix } from '#shared/ids.ts'
import type { Identity, Role } from '../../contracts/identity.ts'
import { createSecret, hashSecret, isStorable, shownPrefix, stateOf } from './domain/api-key.ts'
import { apiKeyTable, type ApiKeyRow } from './tables.ts'

export interface UserMistake {
  code: 'INVALID' | 'NOT_FOUND'
  message: string
  path: string[]
}

export type CreateApiKeyResult = { apiKey: ApiKeyRow; secret: string } | { mistakes: UserMistake[] }
export type RevokeApiKeyResult = { apiKey: ApiKeyRow } | { mistakes: UserMistake[] }

export interface ApiKeys {
  create(
    workspaceId: string,
    input: { name: string; roles: readonly Role[]; expiresAt?: Date | null },
  ): Promise<CreateApiKeyResult>
  revoke(workspaceId: string, id: string): Promise<RevokeApiKeyResult>
  /** Newest first, at most 200. */
  list(workspaceId: string): Promise<ApiKeyRow[]>
  findMany(workspaceId: string, ids: readonly string[]): Promise<ApiKeyRow[]>
  /** The caller behind a secret; null when it is unknown, revoked or expired. */
  authenticate(secret: string): Promise<Identity | null>
  /** Makes sure that this secret, chosen by the operator, opens the workspace as ADMIN. */
  ensureAdminKey(workspaceId: string, secret: string): Promise<void>
}

const NAME_MAX_CHARACTERS = 100
const LIST_LIMIT = 200
/** How exact `lastUsedAt` is: a write per request would cost more than it tells. */
const LAST_USED_RESOLUTION_MS = 60_000

export function createApiKeys(options: { database: SqlExecutor; now?: () => Date }): ApiKeys {
  const { database } = options
  const now = options.now ?? (() => new Date())

  async function insert(
    workspaceId: string,
    name: string,
    roles: readonly Role[],
    secret: string,
    expiresAt: Date | null,
  ) {
    const row = {
      id: createId('key'),
      workspaceId,
      name,
      roles: [...roles],
      expiresAt,
      prefix: shownPrefix(secret),
      secretHash: hashSecret(secret),
    }
    const [inserted] = await database.insert(apiKeyTable).values(row).onConflictDoNothing().returning()
    return inserted
  }

  return {
    async create(workspaceId, input) {
      const mistakes = checkInput(input, now())
      if (mistakes.length > 0) return { mistakes }
      const secret = createSecret()
      const apiKey = await insert(
        workspaceId,
        input.name.trim(),
        [...new Set(input.roles)],
        secret,
        input.expiresAt ?? null,
      )
      return { apiKey: apiKey!, secret }
    },

    async revoke(workspaceId, id) {
      const notFound = {
        mistakes: [
          { code: 'NOT_FOUND' as const, message: 'There is no API key with this id in the workspace.', path: ['id'] },
        ],
      }
      if (!hasPrefix(id, 'key')) return notFound
      const [apiKey] = await database
        .update(apiKeyTable)
        .set({ revokedAt: sql`coalesce(${apiKeyTable.revokedAt}, now())` })
        .where(and(eq(apiKeyTable.workspaceId, workspaceId), eq(apiKeyTable.id, id)))
        .returning()
      return apiKey ? { apiKey } : notFound
    },

    list: (workspaceId) =>
      database
        .select()
        .from(apiKeyTable)
        .where(eq(apiKeyTable.workspaceId, workspaceId))
        .orderBy(desc(apiKeyTable.id))
        .limit(LIST_LIMIT),

    async findMany(workspaceId, ids) {
      // What is no id never reaches the database.
      const asked = ids.filter((id) => hasPrefix(id, 'key'))
      if (asked.length === 0) return []
      return database
        .select()
        .from(apiKeyTable)
        .where(and(eq(apiKeyTable.workspaceId, workspaceId), inArray(apiKeyTable.id, asked)))
    },

    async authenticate(secret) {
      const [key] = await database
        .select()
        .from(apiKeyTable)
        .where(eq(apiKeyTable.secretHash, hashSecret(secret)))
      if (!key || stateOf(key, now()) !== 'active') return null
      const staleBefore = new Date(now().getTime() - LAST_USED_RESOLUTION_MS)
      if (!key.lastUsedAt || key.lastUsedAt < staleBefore) {
        await database
          .update(apiKeyTable)
          .set({ lastUsedAt: now() })
          .where(
            and(
              eq(apiKeyTable.id, key.id),
              or(isNull(apiKeyTable.lastUsedAt), lt(apiKeyTable.lastUsedAt, staleBefore)),
            ),
          )
      }
      return { workspaceId: key.workspaceId, subject: key.id, roles: key.roles, scopes: [] }
    },

    async ensureAdminKey(workspaceId, secret) {
      await insert(workspaceId, 'Administrator (from configuration)', ['ADMIN'], secret, null)
    },
  }
}

function checkInput(
  input: { name: string; roles: readonly Role[]; expiresAt?: Date | null },
  now: Date,
): UserMistake[] {
  const mistakes: UserMistake[] = []
  const name = input.name.trim()
  if (name.length === 0 || name.length > NAME_MAX_CHARACTERS) {
    mistakes.push({
      code: 'INVALID',
      message: `Give the key a name of 1 to ${NAME_MAX_CHARACTERS} characters.`,
      path: ['input', 'name'],
    })
  } else if (!isStorable(name)) {
    mistakes.push({
      code: 'INVALID',
      message: 'The name contains a NUL character or half of a surrogate pair. Remove it.',
      path: ['input', 'name'],
    })
  }
  if (input.roles.length === 0)
    mistakes.push({ code: 'INVALID', message: 'Give the key at least one role.', path: ['input', 'roles'] })
  if (input.expiresAt && input.expiresAt <= now) {
    mistakes.push({
      code: 'INVALID',
      message: 'Choose an expiry in the future, or leave it out for a key that never expires.',
      path: ['input', 'expiresAt'],
    })
  }
  return mistakes
}
