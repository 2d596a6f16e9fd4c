// What the resolvers of accounts are given as parent: rows.
import type { Role } from '../../contracts/identity.ts'
import type { FoundNode } from './find-node.ts'
import type { ApiKeyRow, WorkspaceRow } from './tables.ts'

export type WorkspaceMapper = WorkspaceRow
export type ApiKeyMapper = ApiKeyRow
export type NodeMapper = FoundNode

export interface ViewerMapper {
  subject: string
  roles: Role[]
  scopes: string[]
}
