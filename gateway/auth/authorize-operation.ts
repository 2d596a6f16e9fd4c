// What may be asked without credentials: introspection, on a gateway that listens on loopback only, so that Sandbox works at first sight.
import { Kind, type DocumentNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import type { Identity } from '../../contracts/identity.ts'
import { AUTHORIZATION_TEMPLATE } from './authenticate.ts'

export function authorizeOperation(options: {
  identity: Identity | null
  document: DocumentNode
  operation: OperationDefinitionNode
  allowsAnonymousIntrospection: boolean
}): void {
  if (options.identity) return
  if (options.allowsAnonymousIntrospection && isIntrospectionOnly(options.document, options.operation.selectionSet))
    return
  throw missingCredentials()
}

export const missingCredentials = (): TributaryError =>
  new TributaryError(
    'UNAUTHENTICATED',
    `No credentials were sent. Send an API key: Authorization: ${AUTHORIZATION_TEMPLATE}`,
  )

function isIntrospectionOnly(document: DocumentNode, selectionSet: SelectionSetNode): boolean {
  return selectionSet.selections.every((selection) => {
    switch (selection.kind) {
      case Kind.FIELD:
        return selection.name.value.startsWith('__')
      case Kind.INLINE_FRAGMENT:
        return isIntrospectionOnly(document, selection.selectionSet)
      case Kind.FRAGMENT_SPREAD: {
        const fragment = document.definitions.find(
          (definition) =>
            definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
        )
        return fragment?.kind === Kind.FRAGMENT_DEFINITION && isIntrospectionOnly(document, fragment.selectionSet)
      }
    }
  })
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
