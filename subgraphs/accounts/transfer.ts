// The workspace itself when one moves: what it is called, and which archive it is being filled from. API keys stay behind: whoever may come in is a
// matter of the installation, and a secret that opens two houses is one too many.
import { and, asc, eq, gt, isNull, or, sql } from 'drizzle-orm'
import { fileURLToPath } from 'node:url'
import type { Database } from '#shared/database.ts'
import type { ArchivedWorkspace } from '../../contracts/workspace-archive.ts'
import { createApiKeys } from './api-keys.ts'
import {
  apiKeyTable,
  workspaceImportTable,
  workspaceTable,
  type WorkspaceImportRow,
  type WorkspaceRow,
} from './tables.ts'

export interface AccountsTransfer {
  /** Oldest first. */
  listWorkspaces(): Promise<WorkspaceRow[]>
  findWorkspace(id: string): Promise<WorkspaceRow | null>
  /** Makes it under its own id unless it is there. */
  ensureWorkspace(workspace: ArchivedWorkspace): Promise<void>
  /** The import that the workspace was last filled by; null when there was none. */
  findImport(workspaceId: string): Promise<WorkspaceImportRow | null>
  /** Notes that the workspace is being filled from this archive, in place of an earlier one. Of two at once one wins; the winner is answered. */
  beginImport(workspaceId: string, archiveId: string, former: string | null): Promise<WorkspaceImportRow>
  finishPart(workspaceId: string, file: string): Promise<void>
  finishImport(workspaceId: string): Promise<void>
  /** The secret of a new administrator's key where nobody administers the workspace; null otherwise. */
  ensureAdministrator(workspaceId: string): Promise<string | null>
}

export async function openAccountsTransfer(options: { database: Database }): Promise<AccountsTransfer> {
  const { database } = options
  await database.migrate({ schema: 'accounts', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const isOf = (workspaceId: string) => eq(workspaceImportTable.workspaceId, workspaceId)

  async function findImport(workspaceId: string): Promise<WorkspaceImportRow | null> {
    const [row] = await database.sql.select().from(workspaceImportTable).where(isOf(workspaceId))
    return row ?? null
  }

  return {
    findImport,
    listWorkspaces: () =>
      database.sql.select().from(workspaceTable).orderBy(asc(workspaceTable.createdAt), asc(workspaceTable.id)),

    async findWorkspace(id) {
      const [row] = await database.sql.select().from(workspaceTable).where(eq(workspaceTable.id, id))
      return row ?? null
    },

    async ensureWorkspace({ id, name, createdAt }) {
      await database.sql
        .insert(workspaceTable)
        .values({ id, name, createdAt: new Date(createdAt) })
        .onConflictDoNothing()
    },

    async beginImport(workspaceId, archiveId, former) {
      if (former !== null)
        await database.sql
          .delete(workspaceImportTable)
          .where(and(isOf(workspaceId), eq(workspaceImportTable.archiveId, former)))
      await database.sql.insert(workspaceImportTable).values({ workspaceId, archiveId }).onConflictDoNothing()
      return (await findImport(workspaceId))!
    },

    async finishPart(workspaceId, file) {
      await database.sql
        .update(workspaceImportTable)
        .set({ finishedParts: sql`array_append(${workspaceImportTable.finishedParts}, ${file})` })
        .where(isOf(workspaceId))
    },

    async finishImport(workspaceId) {
      await database.sql
        .update(workspaceImportTable)
        .set({ finishedAt: sql`now()` })
        .where(isOf(workspaceId))
    },

    async ensureAdministrator(workspaceId) {
      const [administrator] = await database.sql
        .select({ id: apiKeyTable.id })
        .from(apiKeyTable)
        .where(
          and(
            eq(apiKeyTable.workspaceId, workspaceId),
            sql`'ADMIN' = any(${apiKeyTable.roles})`,
            isNull(apiKeyTable.revokedAt),
            or(isNull(apiKeyTable.expiresAt), gt(apiKeyTable.expiresAt, sql`now()`)),
          ),
        )
        .limit(1)
      if (administrator) return null
      const created = await createApiKeys({ database: database.sql }).create(workspaceId, {
        name: 'Administrator',
        roles: ['ADMIN'],
      })
      return 'secret' in created ? created.secret : null
    },
  }
}
