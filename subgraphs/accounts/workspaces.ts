// Workspaces: the tenant of everything. The first one is made at the first start, with a key for its administrator.
import { asc, eq, sql } from 'drizzle-orm'
import type { Database } from '#shared/database.ts'
import { createId } from '#shared/ids.ts'
import { createApiKeys } from './api-keys.ts'
import { workspaceTable, type WorkspaceRow } from './tables.ts'

export interface FirstStart {
  workspace: WorkspaceRow
  /** The administrator's secret when it was made just now; null on later starts, and when the operator brought one. */
  createdSecret: string | null
}

export interface Workspaces {
  findMany(workspaceId: string, ids: readonly string[]): Promise<WorkspaceRow[]>
  /** Makes the first workspace and its administrator's key unless they exist. Safe in several processes at once. */
  ensureFirst(adminSecret: string | undefined): Promise<FirstStart>
}

export function createWorkspaces(options: { database: Database }): Workspaces {
  const { database } = options
  return {
    // A caller sees the own workspace only, whichever ids were asked for.
    findMany: async (workspaceId, ids) =>
      ids.includes(workspaceId)
        ? database.sql.select().from(workspaceTable).where(eq(workspaceTable.id, workspaceId))
        : [],

    ensureFirst: (adminSecret) =>
      database.sql.transaction(async (transaction) => {
        await transaction.execute(sql`select pg_advisory_xact_lock(hashtext('tributary.accounts.first-workspace'))`)
        const apiKeys = createApiKeys({ database: transaction })
        const [existing] = await transaction
          .select()
          .from(workspaceTable)
          .orderBy(asc(workspaceTable.createdAt))
          .limit(1)
        const workspace =
          existing ??
          (
            await transaction
              .insert(workspaceTable)
              .values({ id: createId('ws'), name: 'Default' })
              .returning()
          )[0]!
        if (adminSecret !== undefined) {
          await apiKeys.ensureAdminKey(workspace.id, adminSecret)
          return { workspace, createdSecret: null }
        }
        if (existing) return { workspace, createdSecret: null }
        const created = await apiKeys.create(workspace.id, { name: 'Administrator', roles: ['ADMIN'] })
        return { workspace, createdSecret: 'secret' in created ? created.secret : null }
      }),
  }
}
