// Another workspace in the same installation, to prove that it sees nothing of the first. There is no operation that makes one yet.
import type { Database } from '#shared/database.ts'
import { createId } from '#shared/ids.ts'
import { createApiKeys } from '../../subgraphs/accounts/api-keys.ts'
import { workspaceTable } from '../../subgraphs/accounts/tables.ts'

/** Returns the API key of its administrator. */
export async function addWorkspace(database: Database): Promise<string> {
  const workspaceId = createId('ws')
  await database.sql.insert(workspaceTable).values({ id: workspaceId, name: 'Another' })
  const created = await createApiKeys({ database: database.sql }).create(workspaceId, {
    name: 'Other',
    roles: ['ADMIN'],
  })
  if ('mistakes' in created) throw new Error(JSON.stringify(created.mistakes))
  return created.secret
}
