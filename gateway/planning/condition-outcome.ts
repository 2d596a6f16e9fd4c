// Conditions that are decided before an operation is planned.
import { Kind, type DirectiveNode } from 'graphql'
import { NOTHING_DECIDED, type Decided } from './conditions-at-root.ts'

/** Whether a condition that is no variable, or a decided one, lets its selection in; null for whatever else. */
export function outcomeOf(
  { name, arguments: given }: DirectiveNode,
  decided: Decided = NOTHING_DECIDED,
): boolean | null {
  const value = given?.find((argument) => argument.name.value === 'if')?.value
  const holds =
    value?.kind === Kind.BOOLEAN ? value.value : value?.kind === Kind.VARIABLE ? decided[value.name.value] : undefined
  if (holds === undefined) return null
  return name.value === 'include' ? holds : name.value === 'skip' ? !holds : null
}
