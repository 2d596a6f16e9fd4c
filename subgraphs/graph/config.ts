// The variables that graph reads beside those of every process (contracts/platform.ts).
import { z } from 'zod'
import { secret, secretAddress } from '#shared/masking.ts'

export const configSchema = z.object({
  NEO4J_URI: secretAddress(
    z.url({
      protocol: /^(neo4j|bolt)(\+s|\+ssc)?$/,
      error: 'expected neo4j://host:7687 for a cluster or bolt://host:7687 for one server, with +s for TLS',
    }),
  )
    .optional()
    .describe('Neo4j that keeps entities and relationships. Unset: tables of the platform’s own database keep them.'),
  NEO4J_USERNAME: z.string().default('neo4j').describe('User of Neo4j; it reads, writes and creates indexes.'),
  NEO4J_PASSWORD: secret(z.string()).default('').describe('Password of that user.'),
  NEO4J_DATABASE: z
    .string()
    .optional()
    .describe('Database in Neo4j, of the platform alone. Unset: the default database of the server.'),
})

/** Null where the graph is kept in the database. */
export function neo4jOptions(configuration: z.output<typeof configSchema>) {
  const { NEO4J_URI, NEO4J_USERNAME, NEO4J_PASSWORD, NEO4J_DATABASE } = configuration
  return NEO4J_URI === undefined
    ? null
    : { uri: NEO4J_URI, username: NEO4J_USERNAME, password: NEO4J_PASSWORD, database: NEO4J_DATABASE }
}
