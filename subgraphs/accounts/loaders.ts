// One batch per entity type and operation: `_entities` asks once per representation, the database is asked once.
import { createLoader } from '#shared/graphql/loader.ts'
import type { ApiKeys } from './api-keys.ts'
import type { ApiKeyRow, WorkspaceRow } from './tables.ts'
import type { Workspaces } from './workspaces.ts'

export interface Loaders {
  workspace: { load(id: string): Promise<WorkspaceRow | null> }
  apiKey: { load(id: string): Promise<ApiKeyRow | null> }
}

export function createLoaders(workspaceId: string, useCases: { apiKeys: ApiKeys; workspaces: Workspaces }): Loaders {
  return {
    workspace: createLoader((ids) => useCases.workspaces.findMany(workspaceId, ids)),
    apiKey: createLoader((ids) => useCases.apiKeys.findMany(workspaceId, ids)),
  }
}
