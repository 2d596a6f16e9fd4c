// The tables of accounts. Only the hash of a secret is stored; the prefix is what people recognise a key by.
import { index, pgSchema, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core'
import type { Role } from '../../contracts/identity.ts'

export const accountsSchema = pgSchema('accounts')

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

export const workspaceTable = accountsSchema.table('workspace', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
})

export const apiKeyTable = accountsSchema.table(
  'api_key',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id')
      .notNull()
      .references(() => workspaceTable.id),
    name: text('name').notNull(),
    prefix: text('prefix').notNull(),
    secretHash: text('secret_hash').notNull(),
    roles: text('roles').array().notNull().$type<Role[]>(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at'),
    revokedAt: moment('revoked_at'),
    lastUsedAt: moment('last_used_at'),
  },
  (table) => [
    uniqueIndex('api_key_secret_hash').on(table.secretHash),
    index('api_key_workspace').on(table.workspaceId, table.id),
  ],
)

/** Which archive a workspace is being filled from, or was, and how far that came: an import that was cut off goes on, and another one is refused. */
export const workspaceImportTable = accountsSchema.table('workspace_import', {
  workspaceId: text('workspace_id')
    .primaryKey()
    .references(() => workspaceTable.id),
  archiveId: text('archive_id').notNull(),
  /** Parts whose records are all stored. */
  finishedParts: text('finished_parts').array().notNull().default([]),
  startedAt: moment('started_at').notNull().defaultNow(),
  finishedAt: moment('finished_at'),
})

export type WorkspaceRow = typeof workspaceTable.$inferSelect
export type WorkspaceImportRow = typeof workspaceImportTable.$inferSelect
export type ApiKeyRow = typeof apiKeyTable.$inferSelect
