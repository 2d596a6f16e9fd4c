// Under which name a field stands in the answers of subgraphs: its response name, unless that meets a name that plans add for themselves.
import { print } from 'graphql'
import { responseNameOf } from '../execution/collect-fields.ts'
import type { DataKeyOf } from '../execution/compile-projection.ts'
import { interfaceObjectsOf } from './interface-objects.ts'
import { digestOf, internalName, looksInternal } from './internal-names.ts'
import { namesThatPlansAdd } from './required-fields.ts'

/** The response name of a field for planning and in what subgraphs answer. */
export function createDataKeyOf(supergraphSdl: string): DataKeyOf {
  const added = namesThatPlansAdd(supergraphSdl)
  const interfaceObjects = interfaceObjectsOf(supergraphSdl)
  return (field) => {
    const [name, responseName] = [field.name.value, responseNameOf(field)]
    if (name === '__schema' || name === '__type') return responseName
    if (interfaceObjects.fields.has(name) && (name !== responseName || field.arguments?.length))
      return internalName(digestOf(`${name}(${(field.arguments ?? []).map(print).toSorted().join(',')})`), responseName)
    if (name === responseName) return responseName
    return added.has(responseName) || looksInternal(responseName) ? internalName('client', responseName) : responseName
  }
}
