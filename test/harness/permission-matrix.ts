// Who may what, measured: every field of every object type of a subgraph's schema is tried with every role against the subgraph's rules,
// through the same applyShield the running server uses, with nothing behind the guard but a value.
import { buildSubgraphSchema } from '@apollo/subgraph'
import { isObjectType, parse, type GraphQLField, type GraphQLObjectType } from 'graphql'
import { applyShield } from '#shared/graphql/apply-shield.ts'
import { shield } from '#shared/graphql/shield.ts'
import { readTypeDefinitions } from '#shared/graphql/subgraph-server.ts'
import { roleSchema, type Role } from '../../contracts/identity.ts'
import type { SubgraphName } from '../../contracts/node-types.ts'
import { denyAll, type PermissionRules } from '../../contracts/permission-rules.ts'

export const CALLERS = [...roleSchema.options, 'NO_ROLE'] as const
export type Caller = (typeof CALLERS)[number]
/** By coordinate (`Query.node`), who gets through. */
export type PermissionMatrix = Record<string, Caller[]>

const BEHIND_THE_GUARD = 'behind the guard'

export async function permissionMatrix(name: SubgraphName, rules: PermissionRules): Promise<PermissionMatrix> {
  const schema = buildSubgraphSchema([{ typeDefs: parse(readTypeDefinitions(name)), resolvers: {} }])
  const types = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
  )
  const subscriptions = schema.getSubscriptionType()
  for (const type of types) {
    for (const field of Object.values(type.getFields())) {
      field.resolve = () => BEHIND_THE_GUARD
      if (type === subscriptions) field.subscribe = async () => BEHIND_THE_GUARD
    }
  }
  applyShield(schema, shield(rules, { fallbackRule: denyAll, allowExternalErrors: true }))

  const matrix: PermissionMatrix = {}
  for (const type of types) {
    for (const field of Object.values(type.getFields())) {
      const allowed: Caller[] = []
      for (const caller of CALLERS) if (await getsThrough(field, caller, type === subscriptions)) allowed.push(caller)
      matrix[`${type.name}.${field.name}`] = allowed
    }
  }
  return matrix
}

async function getsThrough(field: GraphQLField<unknown, unknown>, caller: Caller, isSubscription: boolean) {
  const roles: Role[] = caller === 'NO_ROLE' ? [] : [caller]
  const context = { identity: { workspaceId: 'ws_matrix', subject: 'key_matrix', roles, scopes: [] } }
  const guarded = isSubscription ? field.subscribe : field.resolve
  try {
    return (await guarded!({}, {}, context, {} as never)) === BEHIND_THE_GUARD
  } catch {
    return false
  }
}

/** The same rules once without each single rule, and once with each replaced by `replacement`. */
export function* changedRules(
  rules: PermissionRules,
  replacement: PermissionRules[string] | null,
): Generator<{ changed: string; rules: PermissionRules }> {
  for (const [typeName, rule] of Object.entries(rules)) {
    if (isRule(rule)) {
      yield { changed: typeName, rules: replaced(rules, typeName, replacement) }
      continue
    }
    for (const fieldName of Object.keys(rule)) {
      const fields = replaced(rule as never, fieldName, replacement)
      yield { changed: `${typeName}.${fieldName}`, rules: { ...rules, [typeName]: fields as never } }
    }
  }
}

const isRule = (value: unknown): boolean => typeof (value as { resolve?: unknown }).resolve === 'function'

function replaced(object: PermissionRules, key: string, replacement: PermissionRules[string] | null): PermissionRules {
  const { [key]: _removed, ...rest } = object
  return replacement === null ? rest : { ...rest, [key]: replacement }
}
