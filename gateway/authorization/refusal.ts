// Why a caller may not read a field, and the error that says so. It names what kind of grant is missing, not which: the names of scopes and policies
// are the schema's own business.
import { GraphQLError, type FieldNode } from 'graphql'
import { assertNever, TributaryError } from '#shared/errors.ts'
import type { MissingGrant } from './requirement.ts'

export interface Refusal {
  missing: MissingGrant
  /** `Type.field` */
  coordinate: string
}

/** Makes the error of a refused field for each place where it stands. */
export function createRefusalError(
  refusal: Refusal,
  nodes: readonly FieldNode[],
): (path: readonly (string | number)[]) => GraphQLError {
  const code = refusal.missing === 'authentication' ? 'UNAUTHENTICATED' : 'FORBIDDEN'
  const originalError = new TributaryError(code, messageOf(refusal))
  return (path) => new GraphQLError(originalError.message, { nodes, path, originalError, extensions: { code } })
}

/** Nothing else that shapes an answer makes errors of the platform's own. */
export const isRefusalError = ({ originalError }: GraphQLError): boolean => originalError instanceof TributaryError

function messageOf({ missing, coordinate }: Refusal): string {
  switch (missing) {
    case 'authentication':
      return `Reading ${coordinate} here requires authentication.`
    case 'scopes':
      return `Reading ${coordinate} here requires scopes that the credential does not have.`
    case 'policies':
      return `Reading ${coordinate} here requires a policy that the credential does not meet.`
    default:
      assertNever(missing)
  }
}
