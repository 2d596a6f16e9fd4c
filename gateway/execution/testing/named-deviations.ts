// Where the stock gateway answers otherwise than one server would, and this one does not follow it. `section`: of the GraphQL specification, October 2021.
import { isAbstractType, Kind, visit, type FragmentDefinitionNode, type InlineFragmentNode } from 'graphql'
import { responseNameOf } from '../collect-fields.ts'
import type { Answer, OpenedSupergraph } from './open-supergraph.ts'
import type { PreparedForTest } from './prepare-for-test.ts'

export interface NamedDeviation {
  name: string
  /** What stock does. */
  stock: string
  section: string
  /** What the specification says there, in other words. */
  says: string
  /** Whether it may be why stock's answer differs. */
  mayExplain(graph: OpenedSupergraph, prepared: PreparedForTest, stock: Answer): boolean
}

export const NAMED_DEVIATIONS: readonly NamedDeviation[] = [
  {
    name: 'arguments of requirements',
    stock: 'asks once for a field that the client and @requires, or two @requires, want with different arguments',
    section: '6.4.1',
    says: 'a field is resolved with the argument values that its own selection gives',
    mayExplain: (_graph, prepared) => selects(prepared, (name) => REQUIRING.includes(name)),
  },
  {
    name: 'response names of keys',
    stock: 'takes a field that the client named like a key or a required field for that field',
    section: '6.3.2',
    says: 'fields are told apart by response names, and an alias is the response name whatever it is',
    mayExplain: (graph, prepared) => {
      const { dataKeyOf } = graph.supergraph
      let isRenamed = false
      visit(prepared.document, { Field: (field) => void (isRenamed ||= dataKeyOf(field) !== responseNameOf(field)) })
      return isRenamed
    },
  },
  {
    name: 'requirements under conditions',
    stock: 'leaves out fields whose fetch they share with a conditional field that is left out',
    section: '3.13.2',
    says: 'a condition decides about the selection that it stands on, and about no other',
    mayExplain: (_graph, prepared) => hasConditions(prepared),
  },
  {
    name: 'nothing left to select',
    stock: 'answers null for an object of which conditions leave no fields',
    section: '6.4.3',
    says: 'an object is completed to a map of the selected fields, of which there may be none',
    mayExplain: (_graph, prepared) => hasConditions(prepared),
  },
  {
    name: 'order of mutations',
    stock: 'runs root fields of a fragment before those that the operation has before it',
    section: '6.2.2',
    says: 'the root fields of a mutation are executed one after the other in the order of its selections',
    mayExplain: (_graph, { operation }) => operation.operation === 'mutation',
  },
  {
    name: 'types of an interface object',
    stock: 'fetches nothing for a type of which another type requires more, and mixes up fields of one response name',
    section: '6.3.2',
    says: 'selections under a type condition are collected for objects of that type alone',
    mayExplain: (graph) => graph.supergraph.sdl.includes('isInterfaceObject: true'),
  },
  {
    name: 'other interfaces of an interface object',
    stock: 'cannot plan a condition on another interface below an interface that a subgraph has as an object',
    section: '5.5.2.3',
    says: 'a fragment may be spread wherever some type fits both its condition and the place',
    mayExplain: (graph) => graph.supergraph.sdl.includes('isInterfaceObject: true'),
  },
  {
    name: 'fragments in wider fragments',
    stock: 'leaves out what is selected of a type under a condition on its interface, where no type name was fetched',
    section: '6.3.2',
    says: 'a fragment applies to an object when its condition is the type of the object, wherever the fragment stands',
    mayExplain: (graph, prepared) => hasWiderFragments(graph, prepared),
  },
  {
    name: 'hidden errors',
    stock: 'tells of values that do not fit their type in an extension, or not at all beside other errors',
    section: '6.4.4',
    says: 'a value that cannot be completed is a field error, and is added to the errors of the response',
    mayExplain: (_graph, _prepared, stock) => stock.extensions?.valueCompletion !== undefined,
  },
  {
    name: 'places of entity errors',
    stock:
      'counts only objects that were fetched in the path of an error, and tells it at one of several equal objects',
    section: '7.1.2',
    says: 'the path of an error leads to the field that experienced it, with the index in the list of the response',
    mayExplain: (_graph, _prepared, stock) => (stock.errors ?? []).length > 0,
  },
]

const REQUIRING = ['dutyUsd', 'dutyEur', 'usual', 'counts', 'label']

function selects({ document }: PreparedForTest, isMeant: (name: string) => boolean): boolean {
  let found = false
  visit(document, { Field: ({ name }) => void (found ||= isMeant(name.value)) })
  return found
}

const hasConditions = ({ document }: PreparedForTest): boolean =>
  JSON.stringify(document, (key, value: unknown) => (key === 'loc' ? undefined : value)).includes(
    `{"kind":"${Kind.DIRECTIVE}"`,
  )

function hasWiderFragments({ supergraph }: OpenedSupergraph, { document }: PreparedForTest): boolean {
  let found = false
  const look = ({ typeCondition, selectionSet }: InlineFragmentNode | FragmentDefinitionNode): void => {
    const type = typeCondition && supergraph.apiSchema.getType(typeCondition.name.value)
    found ||= isAbstractType(type) && selectionSet.selections.some(({ kind }) => kind !== Kind.FIELD)
  }
  visit(document, { InlineFragment: look, FragmentDefinition: look })
  return found
}
