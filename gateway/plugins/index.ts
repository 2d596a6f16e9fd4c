// Apollo Server's plugins, in order, each with the reason for its place.
import type { ApolloServerPlugin } from '@apollo/server'
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default'
import { AUTHORIZATION_TEMPLATE } from '../auth/authenticate.ts'
import type { RequestContext } from '../request-context.ts'
import { statusOfAnswerPlugin } from '../http/status-of-answer.ts'
import { authorizationPlugin } from './authorization.ts'
import { operationsPlugin } from './operations.ts'

export function createPlugins(options: {
  /** Whether operations need credentials. */
  authorizes: boolean
  allowsAnonymousIntrospection: boolean
  telemetry: readonly ApolloServerPlugin<RequestContext>[]
  exampleDocument: string
  operations: Parameters<typeof operationsPlugin>[0]
}): ApolloServerPlugin<RequestContext>[] {
  return [
    // First, so that refused operations are told of too.
    ...options.telemetry,
    // Before anything is executed; after validation, since what may be asked depends on the operation.
    ...(options.authorizes ? [authorizationPlugin(options)] : []),
    // After it: whoever is not known learns no limits.
    operationsPlugin(options.operations),
    statusOfAnswerPlugin(),
    // Sandbox at GET /graphql for browsers.
    ApolloServerPluginLandingPageLocalDefault({
      document: options.exampleDocument,
      headers: { Authorization: AUTHORIZATION_TEMPLATE },
      includeCookies: false,
    }),
  ]
}
