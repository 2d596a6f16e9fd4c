// Configuration is read once, at the edge, from the environment: one zod object per role, each variable described there. The descriptions
// are what docs/configuration.md is generated from.
import { z } from 'zod'
import { TributaryError } from './errors.ts'

/** Parses the variables a role knows and ignores the rest. Throws CONFIGURATION_INVALID naming each wrong variable, what was read and what is expected. */
export function readConfiguration<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<Schema> {
  // An empty variable is how shells and compose files say "unset".
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  )
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => {
    const name = String(issue.path[0])
    const read =
      given[name] === undefined ? 'is not set' : isSecret(name) ? 'has an unusable value' : `is "${given[name]}"`
    return `${name} ${read}: ${issue.message}`
  })
  throw new TributaryError('CONFIGURATION_INVALID', problems.join('; '))
}

/** Names whose values are never shown. */
export const isSecret = (name: string): boolean => /KEY|SECRET|TOKEN|PASSWORD|DATABASE_URL/.test(name)

/** Without `.default()`: wrapped in `.optional()` a default would win over "unset". */
export const port = () => z.coerce.number().int().min(0).max(65535)
export const portVariable = (fallback: number) => port().default(fallback)
