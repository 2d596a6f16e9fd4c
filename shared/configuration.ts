// Configuration is read once, at the edge, from the environment: one zod object per role, each variable described there. The descriptions
// are what docs/configuration.md is generated from.
//
// A variable may also be given as `<NAME>_FILE`, the path of a file that holds its value, as container platforms mount secrets.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { TributaryError } from './errors.ts'
import { showValue } from './masking.ts'
import { misspelledVariables } from './misspelled-variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface ReadConfigurationOptions {
  /** Called with a sentence for each variable that looks like a slip for one the schema knows. Default: nobody is told. */
  onWarning?: (message: string) => void
}

/** Parses the variables a role knows and ignores the rest. Throws CONFIGURATION_INVALID naming each wrong variable, what was read and what is expected. */
export function readConfiguration<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Environment,
  options: ReadConfigurationOptions = {},
): z.output<Schema> {
  const outcome = checkConfiguration(schema, environment)
  for (const message of misspelledVariables(Object.keys(schema.shape), environment)) options.onWarning?.(message)
  if ('configuration' in outcome) return outcome.configuration
  throw new TributaryError('CONFIGURATION_INVALID', outcome.problems.join('; '))
}

/** The same without throwing: one sentence for each problem, without an end of sentence. */
export function checkConfiguration<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Environment,
): { configuration: z.output<Schema> } | { problems: string[] } {
  const given: Record<string, string> = {}
  const problems: string[] = []
  const unreadable = new Set<string>()
  for (const name of Object.keys(schema.shape)) {
    try {
      const value = readVariable(name, environment)
      if (value !== undefined) given[name] = value
    } catch (error) {
      unreadable.add(name)
      problems.push((error as Error).message)
    }
  }
  const result = schema.safeParse(given)
  if (result.success && problems.length === 0) return { configuration: result.data }
  for (const issue of result.error?.issues ?? []) {
    const name = issue.path[0] === undefined ? undefined : String(issue.path[0])
    if (name === undefined) problems.push(issue.message)
    else if (!unreadable.has(name)) {
      const value = given[name]
      const read = value === undefined ? 'is not set' : `is ${showValue(schema.shape[name] as z.ZodType, value)}`
      problems.push(`${name} ${read}: ${issue.message}`)
    }
  }
  return { problems }
}

/** The environment with the values of mounted files under the names of their variables. Throws CONFIGURATION_INVALID for files that cannot be read. */
export function withMountedFiles<Variables extends Environment>(
  names: readonly string[],
  environment: Variables,
): Variables {
  const resolved: Record<string, string | undefined> = { ...environment }
  for (const name of names) {
    resolved[name] = readVariable(name, environment)
    delete resolved[`${name}_FILE`]
    if (resolved[name] === undefined) delete resolved[name]
  }
  return resolved as Variables
}

/** An empty variable is how shells and compose files say "unset"; an empty file is a secret that was never written. */
function readVariable(name: string, environment: Environment): string | undefined {
  const value = environment[name] || undefined
  const file = environment[`${name}_FILE`] || undefined
  if (file === undefined) return value
  if (value !== undefined) throw invalid(`${name} and ${name}_FILE are both set: expected one of them`)
  let content: string
  try {
    content = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw invalid(`${name}_FILE is "${file}", ${whyUnreadable(cause)}: expected the path of a file with the value`)
  }
  if (content === '') throw invalid(`${name}_FILE is "${file}", which is empty: expected a file with the value`)
  return content
}

function whyUnreadable(cause: unknown): string {
  switch ((cause as NodeJS.ErrnoException).code ?? '') {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'which does not exist'
    case 'EACCES':
    case 'EPERM':
      return 'which this user may not read'
    case 'EISDIR':
      return 'which is a folder'
    default:
      return `which cannot be read (${cause instanceof Error ? cause.message : String(cause)})`
  }
}

const invalid = (message: string) => new TributaryError('CONFIGURATION_INVALID', message)

/** Without `.default()`: wrapped in `.optional()` a default would win over "unset". */
export const port = () => z.coerce.number().int().min(0).max(65535)
export const portVariable = (fallback: number) => port().default(fallback)
