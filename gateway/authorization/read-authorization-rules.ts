// What `@authenticated`, `@requiresScopes` and `@policy` of a supergraph require of who selects a field: what stands at the field, at its type and at
// the type of its value, all together. A field of an interface may be that of any type behind it, so it requires what any of them does.
import federationInternals, {
  type FieldDefinition,
  type InterfaceType,
  type NamedType,
  type ObjectType,
  type Schema,
  type Supergraph,
} from '@apollo/federation-internals'
import {
  implies,
  isNothingRequired,
  NO_REQUIREMENT,
  requireAll,
  type Alternatives,
  type Requirement,
} from './requirement.ts'

export interface AuthorizationRules {
  /** Null where nothing is required. Equal requirements are one object. */
  requirementOf(typeName: string, fieldName: string): Requirement | null
}

type Directives = ReadonlyMap<'authenticated' | 'requiresScopes' | 'policy', string>

/** Null where the supergraph restricts nothing. */
export function readAuthorizationRules({ schema }: Supergraph): AuthorizationRules | null {
  const directives = directivesOf(schema)
  if (directives.size === 0) return null
  const stated = (element: Restrictable): Requirement => statedRequirement(directives, element)

  /** Of a value of the type, whatever is selected of it. */
  const ofValue = (type: NamedType): Requirement => {
    switch (type.kind) {
      case 'ObjectType':
      case 'ScalarType':
      case 'EnumType':
        return stated(type)
      case 'InterfaceType': {
        // Composition writes what types require onto their interfaces too. That counts where fields are selected through the interface, but
        // not for a selection that names the types.
        const inherited = requireAll(type.possibleRuntimeTypes().map(stated))
        return implies(inherited, stated(type)) ? NO_REQUIREMENT : stated(type)
      }
      case 'UnionType':
      case 'InputObjectType':
        return NO_REQUIREMENT
    }
  }
  const ofField = (type: ObjectType | InterfaceType, field: FieldDefinition<ObjectType | InterfaceType>) =>
    requireAll([stated(type), stated(field), ofValue(federationInternals.baseType(field.type!))])

  const known = new Map<string, Requirement>()
  const byField = new Map<string, Requirement>()
  const note = (coordinate: string, requirement: Requirement) => {
    if (isNothingRequired(requirement)) return
    const key = JSON.stringify(requirement)
    const shared = known.get(key) ?? requirement
    known.set(key, shared)
    byField.set(coordinate, shared)
  }
  for (const type of schema.objectTypes())
    for (const field of type.fields()) note(`${type.name}.${field.name}`, ofField(type, field))
  for (const type of schema.interfaceTypes())
    for (const field of type.fields()) {
      const behind = type.possibleRuntimeTypes().flatMap((possible) => {
        const implementing = possible.field(field.name)
        return implementing ? [ofField(possible, implementing)] : []
      })
      note(`${type.name}.${field.name}`, requireAll([ofField(type, field), ...behind]))
    }
  if (byField.size === 0) return null
  return { requirementOf: (typeName, fieldName) => byField.get(`${typeName}.${fieldName}`) ?? null }
}

interface Restrictable {
  appliedDirectivesOf(name: string): readonly { arguments(): Record<string, unknown> }[]
}

/** By the names under which this supergraph has them: links may rename. */
function directivesOf(schema: Schema): Directives {
  return new Map(
    (['authenticated', 'requiresScopes', 'policy'] as const).flatMap((name) => {
      const feature = schema.coreFeatures?.getByIdentity(`https://specs.apollo.dev/${name}`)
      return feature ? [[name, feature.directiveNameInSchema(name)] as const] : []
    }),
  )
}

function statedRequirement(directives: Directives, element: Restrictable): Requirement {
  const applied = (name: 'authenticated' | 'requiresScopes' | 'policy') => {
    const nameInSchema = directives.get(name)
    return nameInSchema === undefined ? [] : element.appliedDirectivesOf(nameInSchema)
  }
  return {
    isAuthenticationRequired: applied('authenticated').length > 0,
    scopes: applied('requiresScopes').map((directive) => directive.arguments()['scopes'] as Alternatives),
    policies: applied('policy').map((directive) => directive.arguments()['policies'] as Alternatives),
  }
}
