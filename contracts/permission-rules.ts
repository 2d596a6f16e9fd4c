// The rules that the `permissions.ts` of every subgraph is written with. Nothing is allowed that no rule names (fallback deny).
//
// Who may what: VIEWER reads and asks; EDITOR also changes knowledge; SERVICE is a machine that reads, asks and ingests; ADMIN may everything.
import type { IRules } from 'graphql-shield'
import { rule } from '#shared/graphql/shield.ts'
import { TributaryError } from '#shared/errors.ts'
import type { GraphContext } from './graph-context.ts'
import type { Role } from './identity.ts'

type Rule = ReturnType<ReturnType<typeof rule>>

function roleRule(name: string, roles: readonly Role[]): Rule {
  return rule(name, { cache: 'contextual' })((_parent: unknown, _arguments: unknown, context: GraphContext) => {
    if (context.identity.roles.some((role) => roles.includes(role))) return true
    return new TributaryError(
      'FORBIDDEN',
      `This needs the role ${roles.join(', ')}. Ask an administrator of the workspace for a key that has it.`,
    )
  })
}

/** Everyone with a role in the workspace. */
export const canRead = roleRule('canRead', ['VIEWER', 'EDITOR', 'SERVICE', 'ADMIN'])
/** Asking and generating: it costs compute, but changes no one else's data. */
export const canAsk = roleRule('canAsk', ['VIEWER', 'EDITOR', 'SERVICE', 'ADMIN'])
/** Bringing documents in. */
export const canIngest = roleRule('canIngest', ['EDITOR', 'SERVICE', 'ADMIN'])
/** Creating, changing and deleting knowledge. */
export const canEdit = roleRule('canEdit', ['EDITOR', 'ADMIN'])
/** Keys, usage and whatever concerns the workspace as a whole. */
export const canAdminister = roleRule('canAdminister', ['ADMIN'])

export const denyAll: Rule = rule('denyAll', { cache: 'contextual' })(
  () => new TributaryError('FORBIDDEN', 'No permission rule allows this field.'),
)

/** What the federation gateway itself asks of a subgraph; the fields of an entity are guarded by its type's rules. */
export const federationRules = { _entities: canRead, _service: canRead } satisfies Record<string, Rule>

/** The shape of a `permissions.ts`. */
export type PermissionRules = IRules & Record<string, Rule | Record<string, Rule>>
