// What Apollo Server knows of an operation, told to its record.
import type { ApolloServerPlugin } from '@apollo/server'
import type { RequestContext } from '../request-context.ts'
import { planExtension } from './plan-extension.ts'

export function telemetryPlugin(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart({ contextValue }) {
      // Each operation of a batch has a copy of the context, and takes its record in order.
      const own = contextValue.batchedRecords?.shift()
      if (own) Object.assign(contextValue, { record: own, trace: own.trace })
      const { record, identity } = contextValue
      if (!record) return undefined
      let isDocumentCached = true
      return {
        async parsingDidStart() {
          isDocumentCached = false
          record.documentAsked(false)
          const end = record.begin('parse')
          return async (error) => end(error && { extensions: { code: 'GRAPHQL_PARSE_FAILED' } })
        },
        async validationDidStart() {
          const end = record.begin('validate')
          return async (errors) => end(errors && { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })
        },
        async didResolveOperation({ document, operation }) {
          if (isDocumentCached) record.documentAsked(true)
          if (operation) record.identify(document, operation)
        },
        async willSendResponse({ response: { body } }) {
          if (body.kind !== 'single') return
          // As clients get them: what was masked stays masked.
          for (const error of body.singleResult.errors ?? []) record.fail(error)
          const extension = planExtension(record, identity)
          if (extension) body.singleResult.extensions = { ...body.singleResult.extensions, ...extension }
        },
      }
    },
  }
}
