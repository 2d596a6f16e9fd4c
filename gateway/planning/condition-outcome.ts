// Conditions that are no variables, and so are decided before an operation is planned.
import { Kind, type DirectiveNode } from 'graphql'

/** Whether a condition that is no variable lets its selection in; null for whatever else. */
export function outcomeOf({ name, arguments: given }: DirectiveNode): boolean | null {
  const value = given?.find((argument) => argument.name.value === 'if')?.value
  if (value?.kind !== Kind.BOOLEAN) return null
  return name.value === 'include' ? value.value : name.value === 'skip' ? !value.value : null
}
