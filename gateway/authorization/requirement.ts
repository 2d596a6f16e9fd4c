// What a caller must have been granted to read something: be authenticated, and hold scopes and policies in given combinations.
import type { Claims } from './claims.ts'

/** One of these lists must be held, and of that list everything: an OR of ANDs. Without any list nobody holds it. */
export type Alternatives = readonly (readonly string[])[]

/** All of it must be met. */
export interface Requirement {
  isAuthenticationRequired: boolean
  scopes: readonly Alternatives[]
  policies: readonly Alternatives[]
}

/** The first that is missing, in this order. */
export type MissingGrant = 'authentication' | 'scopes' | 'policies'

export const NO_REQUIREMENT: Requirement = { isAuthenticationRequired: false, scopes: [], policies: [] }

export function requireAll(requirements: readonly Requirement[]): Requirement {
  return {
    isAuthenticationRequired: requirements.some(({ isAuthenticationRequired }) => isAuthenticationRequired),
    scopes: distinct(requirements.flatMap(({ scopes }) => scopes)),
    policies: distinct(requirements.flatMap(({ policies }) => policies)),
  }
}

export const isNothingRequired = ({ isAuthenticationRequired, scopes, policies }: Requirement): boolean =>
  !isAuthenticationRequired && scopes.length === 0 && policies.length === 0

/** Null for a caller who meets the requirement. */
export function missingGrantOf(requirement: Requirement, claims: Claims): MissingGrant | null {
  if (requirement.isAuthenticationRequired && !claims.isAuthenticated) return 'authentication'
  if (!requirement.scopes.every((scopes) => isHeld(scopes, claims.scopes))) return 'scopes'
  if (!requirement.policies.every((policies) => isHeld(policies, claims.policies))) return 'policies'
  return null
}

/** Whether everyone who meets `stronger` meets `weaker`. Says no where that would be too long a calculation. */
export function implies(stronger: Requirement, weaker: Requirement): boolean {
  return (
    (stronger.isAuthenticationRequired || !weaker.isAuthenticationRequired) &&
    impliesAlternatives(stronger.scopes, weaker.scopes) &&
    impliesAlternatives(stronger.policies, weaker.policies)
  )
}

const isHeld = (alternatives: Alternatives, held: ReadonlySet<string>): boolean =>
  alternatives.some((names) => names.every((name) => held.has(name)))

function impliesAlternatives(stronger: readonly Alternatives[], weaker: readonly Alternatives[]): boolean {
  if (weaker.length === 0) return true
  const combined = conjunctionOf(stronger)
  return (
    combined !== null && weaker.every((alternatives) => combined.every((held) => isHeld(alternatives, new Set(held))))
  )
}

const MAX_COMBINATIONS = 1_000

/** As one OR of ANDs; null where it has too many. */
function conjunctionOf(all: readonly Alternatives[]): Alternatives | null {
  let combined: Alternatives = [[]]
  for (const alternatives of all) {
    combined = distinct(
      combined.flatMap((names) => alternatives.map((others) => [...new Set([...names, ...others])].toSorted())),
    )
    if (combined.length > MAX_COMBINATIONS) return null
  }
  return combined
}

const distinct = <Item>(items: readonly Item[]): Item[] => [
  ...new Map(items.map((item) => [JSON.stringify(item), item])).values(),
]
