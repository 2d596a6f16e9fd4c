// Questions as Cypher statements. @neo4j/graphql compiles a question once for each form that questions have, with placeholders for all that differs
// from call to call, the workspace among it; the library hands these on as parameters of its statement, and a call puts its own values in their
// places. The filters that pin the workspace are therefore the library's, at every level. To compile takes several times as long as all else that a
// call does in this process.
import { execute, parse, type GraphQLSchema } from 'graphql'
import { LRUCache } from 'lru-cache'
import neo4j, { isInt } from 'neo4j-driver'
import type { Neo4jTransaction } from './neo4j-connection.ts'

export interface Operation {
  /** With one root field, under the name `found`. */
  source: string
  /** Objects and lists of strings, whole numbers and nulls. */
  variables: Record<string, unknown>
}

export interface Neo4jStatements {
  /** The rows of the root field, as the statement projects them: under the operation's own names. */
  read<Row>(transaction: Neo4jTransaction, workspaceId: string, operation: Operation): Promise<Row[]>
}

interface Statement {
  text: string
  /** Holds the placeholders. */
  parameters: object
}

/** What a variable holds at one of its ends; ids that are looked for travel as one list, however many they are. */
type Value = string | number | readonly string[]

/** Statements that are kept. That of a deep question has some ten thousand characters. */
const KEPT = 500
const WORKSPACE = 'placeholder of the workspace'
/** Of numbers, counted on from here: a whole number that GraphQL takes. */
const FIRST_NUMBER = 2_000_000_000

export function createNeo4jStatements(schema: GraphQLSchema): Neo4jStatements {
  const compiled = new LRUCache<string, Statement>({ max: KEPT })

  async function compile(transaction: Neo4jTransaction, { source, variables }: Operation): Promise<Statement> {
    const statements: Statement[] = []
    const executionContext: Neo4jTransaction = {
      async run(text, parameters = {}) {
        // The library asks once which version the server has.
        if (!JSON.stringify(parameters).includes(WORKSPACE)) return transaction.run(text, parameters)
        statements.push({ text, parameters })
        throw new CompiledInstead()
      },
    }
    const { errors = [] } = await execute({
      schema,
      document: parse(source, { noLocation: true }),
      variableValues: mapValues(variables, placeholderOf) as Record<string, unknown>,
      contextValue: { executionContext, jwt: { workspaceId: WORKSPACE } },
    })
    const failure = errors.find(({ originalError }) => !(originalError instanceof CompiledInstead))
    if (failure) throw failure
    const [statement, another] = statements
    if (statement === undefined || another !== undefined || !takesAll(statement, variables))
      throw new Error(`This is not compiled into one statement with parameters: ${source}`)
    return statement
  }

  return {
    async read(transaction, workspaceId, operation) {
      const form = formOf(operation)
      const statement = compiled.get(form) ?? (await compile(transaction, operation))
      compiled.set(form, statement)
      const parameters = bind(statement.parameters, workspaceId, valuesOf(operation.variables))
      const { records } = await transaction.run(statement.text, parameters as object)
      return records.map((record) => record.get('this') as never)
    },
  }
}

class CompiledInstead extends Error {}

/** What the statement depends on: the text, and of the variables everything but the values. */
const formOf = ({ source, variables }: Operation): string =>
  `${source} ${JSON.stringify(mapValues(variables, (value) => (Array.isArray(value) ? 'list' : typeof value)))}`

const placeholderOf = (value: Value, place: number): Value => {
  if (typeof value === 'number') return FIRST_NUMBER + place
  const text = `placeholder ${place}.`
  return typeof value === 'string' ? text : [text]
}

function valuesOf(variables: unknown): Value[] {
  const values: Value[] = []
  mapValues(variables, (value) => values.push(value))
  return values
}

/** The same with other values, which are numbered in their order. */
function mapValues(variables: unknown, map: (value: Value, place: number) => unknown): unknown {
  let places = 0
  const mapped = (each: unknown): unknown => {
    if (each === null) return null
    if (isListOfTexts(each) || typeof each !== 'object') return map(each as Value, places++)
    if (Array.isArray(each)) return each.map(mapped)
    return Object.fromEntries(Object.entries(each).map(([key, value]) => [key, mapped(value)]))
  }
  return mapped(variables)
}

const isListOfTexts = (value: unknown): value is string[] => Array.isArray(value) && typeof value[0] === 'string'

/** With values in the places of placeholders. */
function bind(parameter: unknown, workspaceId: string, values: readonly Value[]): unknown {
  if (parameter === WORKSPACE) return workspaceId
  const place = placeOf(parameter)
  if (place !== null) {
    const value = values[place]!
    return typeof value === 'number' ? neo4j.int(value) : value
  }
  if (typeof parameter !== 'object' || parameter === null) return parameter
  return Object.fromEntries(Object.entries(parameter).map(([key, each]) => [key, bind(each, workspaceId, values)]))
}

/** Null when it is no placeholder. */
function placeOf(parameter: unknown): number | null {
  if (isInt(parameter)) return parameter.toNumber() - FIRST_NUMBER
  const text = isListOfTexts(parameter) ? parameter[0] : parameter
  const place = typeof text === 'string' ? /^placeholder (\d+)\.$/.exec(text)?.[1] : undefined
  return place === undefined ? null : Number(place)
}

/** Whether every value has its place among the parameters, and none is in the text. */
function takesAll({ text, parameters }: Statement, variables: object): boolean {
  const places = Object.values(parameters).map(placeOf)
  return valuesOf(variables).every((value, place) => {
    const placeholder = String(placeholderOf(value, place))
    return places.includes(place) && !text.includes(placeholder)
  })
}
