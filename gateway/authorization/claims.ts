// What authorization directives look at of a caller. Scopes are those of the identity; its roles are the names of the policies that it meets, so
// that `@policy(policies: [["ADMIN"]])` is for administrators.
import type { Identity } from '../../contracts/identity.ts'

export interface Claims {
  isAuthenticated: boolean
  scopes: ReadonlySet<string>
  policies: ReadonlySet<string>
}

const NONE: Claims = { isAuthenticated: false, scopes: new Set(), policies: new Set() }

export const claimsOf = (identity: Identity | null): Claims =>
  identity ? { isAuthenticated: true, scopes: new Set(identity.scopes), policies: new Set(identity.roles) } : NONE
