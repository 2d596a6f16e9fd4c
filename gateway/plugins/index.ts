// Apollo Server's plugins, in order, each with the reason for its place.
import type { ApolloServerPlugin } from '@apollo/server'
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default'
import { fastifyApolloDrainPlugin } from '@as-integrations/fastify'
import type { FastifyInstance } from 'fastify'
import { AUTHORIZATION_TEMPLATE } from '../auth/authenticate.ts'
import type { RequestContext } from '../request-context.ts'
import { authorizationPlugin } from './authorization.ts'

export function createPlugins(options: {
  app: FastifyInstance
  allowsAnonymousIntrospection: boolean
  telemetry: ApolloServerPlugin<RequestContext>[]
  exampleDocument: string
}): ApolloServerPlugin<RequestContext>[] {
  return [
    // First, so that refused operations are told of too.
    ...options.telemetry,
    // Before anything is executed; after validation, since what may be asked depends on the operation.
    authorizationPlugin(options),
    // Sandbox at GET /graphql for browsers.
    ApolloServerPluginLandingPageLocalDefault({
      document: options.exampleDocument,
      headers: { Authorization: AUTHORIZATION_TEMPLATE },
      includeCookies: false,
    }),
    // Last: it lets running requests finish when everything else has stopped.
    fastifyApolloDrainPlugin(options.app),
  ]
}
