// Reports to Apollo Studio by Apollo Server's own plugins, with a key and a graph only: which operations were asked how often, and the schema.
// Values of variables, headers and messages of errors stay here.
import type { ApolloServerPlugin } from '@apollo/server'
import {
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import { ApolloServerPluginSchemaReporting } from '@apollo/server/plugin/schemaReporting'
import { ApolloServerPluginUsageReporting } from '@apollo/server/plugin/usageReporting'
import type { Logger } from 'pino'
import type { RequestContext } from '../request-context.ts'
import type { StudioSettings } from './settings.ts'

/** A report that cannot be sent delays the end of the gateway by no more than these together, in milliseconds. */
const REQUEST_TIMEOUT_MS = 3000
const MAX_ATTEMPTS = 2

export function studioPlugins(settings: StudioSettings | null, logger: Logger): ApolloServerPlugin<RequestContext>[] {
  // Apollo Server looks for a key, and whether the schema is to be told, in the environment by itself, and would send more.
  if (!settings) return [ApolloServerPluginUsageReportingDisabled(), ApolloServerPluginSchemaReportingDisabled()]
  return [
    ApolloServerPluginUsageReporting<RequestContext>({
      sendVariableValues: { none: true },
      sendHeaders: { none: true },
      sendErrors: { masked: true },
      // Traces of single fields need subgraphs that write them; what cannot be executed is traced as a whole all the same.
      fieldLevelInstrumentation: 0,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      maxAttempts: MAX_ATTEMPTS,
      reportErrorFunction: (error) => logger.warn({ err: error }, 'usage could not be reported to Apollo Studio'),
      logger,
      ...(settings.usageUrl === undefined ? {} : { endpointUrl: settings.usageUrl }),
    }),
    ...(settings.reportsSchema
      ? [
          ApolloServerPluginSchemaReporting(
            settings.schemaUrl === undefined ? {} : { endpointUrl: settings.schemaUrl, initialDelayMaxMs: 1 },
          ),
        ]
      : [ApolloServerPluginSchemaReportingDisabled()]),
  ]
}
