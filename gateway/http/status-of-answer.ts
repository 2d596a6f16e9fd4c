// The status of an answer depends on its media type: to a client that takes `application/json`, a well-formed request is answered with 200 whatever its
// document is like; `application/graphql-response+json` says 400 (https://graphql.github.io/graphql-over-http/draft/#sec-Status-Codes).
import type { ApolloServerPlugin } from '@apollo/server'
import { answerType, JSON_TYPE } from './media-type.ts'

export function statusOfAnswerPlugin(): ApolloServerPlugin {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ request, response, source }) {
          // Without a source there was no well-formed request.
          if (response.http.status !== 400 || source === undefined || !request.http) return
          if (answerType(request.http.headers.get('accept')) === JSON_TYPE) response.http.status = 200
        },
      }
    },
  }
}
