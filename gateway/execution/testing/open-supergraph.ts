// A federated graph in this process, out of the SDL of its subgraphs and one set of objects: a client of the subgraphs, the stock gateway over the same
// client, and one server that has everything ("the monolith"), whose answers are right by construction.
import compositionLibrary from '@apollo/composition'
import { ApolloGateway } from '@apollo/gateway'
import { buildSubgraphSchema } from '@apollo/subgraph'
import {
  execute,
  getDirectiveValues,
  GraphQLError,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  validate,
  type DocumentNode,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { noContext } from './no-context.ts'
import { loadSupergraph, type LoadedSupergraph } from '../../supergraph/load-supergraph.ts'
import type { SubgraphClient, SubgraphResponse } from '../../subgraphs/subgraph-client.ts'
import type { PreparedForTest } from './prepare-for-test.ts'

export type Thing = Record<string, unknown>

export interface SupergraphData {
  /** Resolvers of the root fields, by name: `(arguments) => value`. */
  rootValue: Thing
  /** All entities by the name of their object type. A field is a value or `(arguments) => value`; `this` is the object. */
  entities: Readonly<Record<string, readonly Thing[]>>
  /** Forgets what mutations did. */
  reset?: () => void
}

export interface OpenSupergraphOptions {
  /** SDL by name, without the link to federation. */
  subgraphs: Readonly<Record<string, string>>
  /** Names of subgraphs that have none, and so speak Federation 1. Default none. */
  federation1?: readonly string[]
  data: SupergraphData
}

export interface Answer {
  data?: unknown
  errors?: readonly GraphQLFormattedError[]
  extensions?: { valueCompletion?: readonly GraphQLFormattedError[] }
}

/** Answers a request instead of the subgraph, or changes what it answered. */
export type Interfere = (subgraph: string, answer: () => Promise<SubgraphResponse>) => Promise<SubgraphResponse>

export interface OpenedSupergraph extends AsyncDisposable {
  supergraph: LoadedSupergraph
  client: SubgraphClient
  subgraphNames: readonly string[]
  /** Requests since the last call. */
  takeRequests(): readonly { subgraph: string; query: string; variables: string }[]
  interfere(how: Interfere | null): void
  /** Forgets what mutations did. */
  reset(): void
  executeMonolith(document: DocumentNode, variables: Thing): Promise<Answer>
  executeStock(prepared: PreparedForTest): Promise<Answer>
}

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@requires", "@provides", "@external", "@shareable", "@inaccessible", "@override", "@tag", "@interfaceObject"
])\n`

export async function openSupergraph(options: OpenSupergraphOptions): Promise<OpenedSupergraph> {
  const { subgraphs, federation1 = [], data } = options
  const documents = new Map(
    Object.entries(subgraphs).map(([name, sdl]) => [name, parse(federation1.includes(name) ? sdl : LINK + sdl)]),
  )
  const supergraph = await load(documents)
  const schemas = new Map([...documents].map(([name, document]) => [name, subgraphSchema(document, data)]))
  const parsed = new Map<string, DocumentNode>()
  let requests: { subgraph: string; query: string; variables: string }[] = []
  let interfering: Interfere | null = null

  const client: SubgraphClient = {
    request(subgraph, { operation: { query }, variables }) {
      requests.push({ subgraph, query, variables })
      const answer = async () => {
        const document = parsed.get(query) ?? parseValid(subgraph, schemas.get(subgraph)!, query)
        parsed.set(query, document)
        const result = await execute({
          schema: schemas.get(subgraph)!,
          document,
          rootValue: data.rootValue,
          variableValues: JSON.parse(variables) as Thing,
        })
        return JSON.parse(JSON.stringify(result)) as SubgraphResponse
      }
      return interfering ? interfering(subgraph, answer) : answer()
    },
    async close() {},
  }

  const stock = new ApolloGateway({
    supergraphSdl: supergraph.sdl,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    buildService: ({ name }) => ({
      process: async ({ request }) =>
        (await client.request(
          name,
          { operation: { kind: 'query', query: request.query! }, variables: JSON.stringify(request.variables ?? {}) },
          noContext,
        )) as never,
    }),
  })
  await stock.load({ apollo: {} })

  return {
    supergraph,
    client,
    subgraphNames: [...documents.keys()],
    takeRequests() {
      const taken = requests
      requests = []
      return taken
    },
    interfere(how) {
      interfering = how
    },
    reset: () => data.reset?.(),
    async executeMonolith(document, variables) {
      data.reset?.()
      const result = await execute({
        schema: supergraph.apiSchema,
        document,
        rootValue: data.rootValue,
        variableValues: variables,
      })
      return plain(result)
    },
    async executeStock({ source, document, operation, variables }) {
      data.reset?.()
      const operationName = operation.name?.value
      const result = await stock.executor({
        source,
        document,
        operation,
        operationName,
        queryHash: source,
        request: { query: source, variables, operationName },
        context: {},
        metrics: {},
        schema: supergraph.apiSchema,
        logger: console,
        cache: {},
      } as never)
      return plain(result)
    },
    async [Symbol.asyncDispose]() {
      await stock.stop()
    },
  }
}

export const REFUSED = 'REFUSED_BY_SUBGRAPH'

/** Real subgraphs refuse what is not valid. */
function parseValid(subgraph: string, schema: GraphQLSchema, query: string): DocumentNode {
  const document = parse(query)
  const [error] = validate(schema, document)
  if (error)
    throw new GraphQLError(`Not valid for ${subgraph}: ${error.message}`, {
      extensions: { code: REFUSED, reason: error.message, query },
    })
  return document
}

/** Stock also tells of errors that are not of GraphQL, of which JSON would have nothing. */
const plain = (result: unknown): Answer =>
  JSON.parse(
    JSON.stringify(result, (_, value: unknown) => (value instanceof Error ? { message: value.message } : value)),
  ) as Answer

async function load(documents: ReadonlyMap<string, DocumentNode>): Promise<LoadedSupergraph> {
  const composed = compositionLibrary.composeServices(
    [...documents].map(([name, typeDefs]) => ({ name, url: `http://${name}`, typeDefs })),
  )
  if (!composed.supergraphSdl) throw new Error((composed.errors ?? []).map(String).join('\n'))
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-supergraph-'))
  try {
    const file = path.join(directory, 'supergraph.graphql')
    await writeFile(file, composed.supergraphSdl)
    return await loadSupergraph(file)
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** A subgraph that finds entities by the keys that it declares, and believes everything else that a representation brings along. */
function subgraphSchema(typeDefs: DocumentNode, data: SupergraphData): GraphQLSchema {
  const bare = buildSubgraphSchema({ typeDefs })
  const key = bare.getDirective('key') ?? bare.getDirective('federation__key')
  const resolvers: Record<string, { __resolveReference: (reference: Thing) => Thing | null }> = {}
  for (const type of Object.values(bare.getTypeMap())) {
    if (!key || (!isObjectType(type) && !isInterfaceType(type))) continue
    const keys = [type.astNode, ...type.extensionASTNodes].flatMap((node) =>
      (node?.directives ?? []).flatMap((directive) => {
        const values = directive.name.value === 'key' && getDirectiveValues(key, { directives: [directive] })
        return values && values['resolvable'] !== false ? [selectionOf(String(values['fields']))] : []
      }),
    )
    if (keys.length === 0) continue
    const isObjectOfInterface = !data.entities[type.name]
    const candidates = data.entities[type.name] ?? Object.values(data.entities).flat()
    resolvers[type.name] = {
      __resolveReference(reference) {
        const used = keys.find((each) => isSelectedIn(each, reference))
        const found =
          used &&
          candidates.find(
            (thing) => isSame(used, thing, reference) && (!isObjectOfInterface || isMemberOf(bare, type.name, thing)),
          )
        if (!used || !found) return null
        const inKey = new Set(used.selections.map((each) => each.kind === Kind.FIELD && each.name.value))
        const brought = Object.entries(reference).filter(([name]) => !inKey.has(name))
        return { ...found, ...Object.fromEntries(brought), __typename: found['__typename'] }
      },
    }
  }
  return buildSubgraphSchema({ typeDefs, resolvers })
}

function isMemberOf(schema: GraphQLSchema, typeName: string, thing: Thing): boolean {
  const type = schema.getType(typeName)
  if (!isInterfaceType(type)) return (thing['kinds'] as readonly string[] | undefined)?.includes(typeName) ?? false
  return schema.getPossibleTypes(type).some(({ name }) => name === thing['__typename'])
}

function selectionOf(fields: string): SelectionSetNode {
  const [definition] = parse(`{ ${fields} }`).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`No selection: ${fields}`)
  return definition.selectionSet
}

const isSelectedIn = ({ selections }: SelectionSetNode, reference: Thing): boolean =>
  selections.every((selection) => selection.kind === Kind.FIELD && selection.name.value in reference)

function isSame({ selections }: SelectionSetNode, thing: unknown, reference: unknown): boolean {
  if (Array.isArray(reference))
    return (
      Array.isArray(thing) &&
      thing.length === reference.length &&
      reference.every((each, index) => isSame({ kind: Kind.SELECTION_SET, selections }, thing[index], each))
    )
  if (typeof thing !== 'object' || thing === null || typeof reference !== 'object' || reference === null)
    return thing === reference
  return selections.every((selection) => {
    if (selection.kind !== Kind.FIELD) return true
    const mine = read(thing as Thing, selection.name.value)
    const theirs = (reference as Thing)[selection.name.value]
    return selection.selectionSet ? isSame(selection.selectionSet, mine, theirs) : mine === theirs
  })
}

/** What a field that others require holds: brought along by a representation, or, in the monolith, asked of the object itself. */
export function read(thing: Thing, field: string, given: Thing = {}): unknown {
  const value = thing[field]
  return typeof value === 'function' ? (value as (given: Thing) => unknown).call(thing, given) : value
}

/** An error of a subgraph, with a code of its own. */
export function fail(message: string): never {
  throw new GraphQLError(message, { extensions: { code: 'FAILED_ON_PURPOSE' } })
}
