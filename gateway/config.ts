// The environment of the gateway as a process of its own. Standalone passes the same values itself.
import { z } from 'zod'
import { portVariable } from '#shared/configuration.ts'
import { identityKeyVariable, logVariable, subgraphUrlVariables } from '../contracts/platform.ts'
import { subgraphTrafficVariables } from './subgraphs/settings.ts'

export const endpointVariables = {
  TRIBUTARY_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address the endpoint listens on. On a loopback address introspection needs no credentials.'),
  TRIBUTARY_PORT: portVariable(4000).describe('Port of the endpoint; 0 picks a free one and prints it.'),
  TRIBUTARY_CORS_ORIGINS: z
    .string()
    .default('https://studio.apollographql.com')
    .transform((list) =>
      list
        .split(',')
        .map((origin) => origin.trim())
        .filter(Boolean),
    )
    .describe('Origins whose pages may call the endpoint from a browser, separated by commas.'),
  ...subgraphTrafficVariables,
}

export const configSchema = z.object({
  ...endpointVariables,
  ...identityKeyVariable,
  ...logVariable,
  ...subgraphUrlVariables,
})
