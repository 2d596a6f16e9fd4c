// The environment of the gateway as a process of its own. Standalone passes the same values itself.
import { z } from 'zod'
import { portVariable } from '#shared/configuration.ts'
import { secret } from '#shared/masking.ts'
import { identityKeyVariable, logVariable, subgraphUrlVariables } from '../contracts/platform.ts'
import { subgraphTrafficVariables } from './subgraphs/settings.ts'

const listOf = (list: string): string[] =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)

export const endpointVariables = {
  TRIBUTARY_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address the endpoint listens on. On a loopback address introspection needs no credentials.'),
  TRIBUTARY_PORT: portVariable(4000).describe('Port of the endpoint; 0 picks a free one and prints it.'),
  TRIBUTARY_CORS_ORIGINS: z
    .string()
    .default('https://studio.apollographql.com')
    .transform(listOf)
    .describe('Origins whose pages may call the endpoint from a browser, separated by commas.'),
  ...subgraphTrafficVariables,
}

const supergraphVariables = {
  TRIBUTARY_SUPERGRAPH: z
    .string()
    .optional()
    .describe(
      'Supergraph that the gateway serves: a file, watched for changes, or "uplink" for Apollo Uplink. Unset: the one of the platform.',
    ),
  APOLLO_KEY: secret(z.string()).optional().describe('Key of the graph in Apollo GraphOS, for "uplink".'),
  APOLLO_GRAPH_REF: z
    .string()
    .regex(/^[^@\s]+(@[^@\s]+)?$/, 'expected graph@variant')
    .optional()
    .describe('Graph and variant in Apollo GraphOS, as graph@variant, for "uplink".'),
  APOLLO_UPLINK_ENDPOINTS: z
    .string()
    .transform(listOf)
    .optional()
    .describe('URLs of Apollo Uplink, separated by commas. Unset: those of Apollo.'),
}

/** Of a gateway that asks nobody who they are. */
export const openConfigSchema = z.object({ ...endpointVariables, ...logVariable, ...supergraphVariables })

export const configSchema = openConfigSchema.extend({ ...identityKeyVariable, ...subgraphUrlVariables })
