/** When two numbers are one: equal amounts in equal or convertible units, of the same things, within the same bound. */
import type { Bound } from './claims-bounds.ts'
import type { Quantity } from './claims-quantities.ts'

/** Whether the two are the same number of the same thing within the same bound. */
export function isSameQuantity(claim: Quantity, fact: Quantity): boolean {
  if (!isSameAmount(claim, fact)) return false
  if (claim.counted.size > 0 && fact.counted.size > 0 && !shares(claim.counted, fact.counted)) return false
  if (claim.qualities.size > 0 && fact.qualities.size > 0 && !shares(claim.qualities, fact.qualities)) return false
  return isSameBound(claim, fact)
}

function isSameAmount(claim: Quantity, fact: Quantity): boolean {
  const claimUnit = claim.unit
  const factUnit = fact.unit
  if (claimUnit === null || factUnit === null) {
    // A unit that was only inherited may as well be absent.
    const isOpen = (claimUnit ?? factUnit) === null || claim.isUnitInherited || fact.isUnitInherited
    return isOpen && claim.value === fact.value && claim.upper === fact.upper
  }
  if (claimUnit.dimension !== factUnit.dimension) return false
  const isEqual = (left: string | null, right: string | null): boolean =>
    left === null || right === null || left.includes('/')
      ? left === right
      : isSameNumber(Number(left) * claimUnit.size, Number(right) * factUnit.size)
  return isEqual(claim.value, fact.value) && isEqual(claim.upper, fact.upper)
}

function isSameNumber(left: number, right: number): boolean {
  return Math.abs(left - right) <= 1e-9 * Math.max(Math.abs(left), Math.abs(right))
}

const loose = new Set<Bound>(['since', 'until', 'within'])

function isSameBound(claim: Quantity, fact: Quantity): boolean {
  if (claim.bound === fact.bound) return true
  const strict = [claim.bound, fact.bound].some((bound) => bound !== null && !loose.has(bound))
  return !strict && (claim.bound === null || fact.bound === null)
}

/** Whether a rival number could be mistaken for the claimed one: of the same dimension, or counting the same. */
export function isComparable(claim: Quantity, fact: Quantity): boolean {
  if ((claim.unit?.dimension ?? null) !== (fact.unit?.dimension ?? null)) return false
  return claim.counted.size === 0 || fact.counted.size === 0 || shares(claim.counted, fact.counted)
}

function shares(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return [...left].some((term) => right.has(term))
}
