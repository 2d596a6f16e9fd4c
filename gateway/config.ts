// The environment of the gateway as a process of its own. Standalone passes the same values itself.
import { z } from 'zod'
import { portVariable } from '#shared/configuration.ts'
import { identityKeyVariable, logVariable, subgraphUrlVariables } from '../contracts/platform.ts'
import { telemetryVariables } from './telemetry/settings.ts'

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
}

export const configSchema = z.object({
  ...endpointVariables,
  ...identityKeyVariable,
  TRIBUTARY_LOG_LEVEL: logVariable.TRIBUTARY_LOG_LEVEL.unwrap()
    .default('info')
    .describe('How much is logged, as JSON lines on standard error; `info`: a line for each operation, too.'),
  ...telemetryVariables,
  ...subgraphUrlVariables,
})
