// An upstream subscription with one span for as long as it lives, however many events it has.
import type { SubscribeUpstream } from '../subscriptions/upstream.ts'
import { ATTR_GRAPHQL_OPERATION_TYPE, ATTR_SUBGRAPH } from './attributes.ts'
import { codeOf } from './error-code.ts'
import { markFailed } from './operation-record.ts'
import { traceContextOf } from './span-context.ts'

export function observeUpstream(subscribe: SubscribeUpstream): SubscribeUpstream {
  return async function* (subgraph, request, context) {
    const span = context.record?.beginFetch('subgraph subscription')
    span?.setAttributes({ [ATTR_SUBGRAPH]: subgraph, [ATTR_GRAPHQL_OPERATION_TYPE]: 'subscription' })
    try {
      yield* subscribe(subgraph, request, span ? { ...context, trace: traceContextOf(span) } : context)
    } catch (error) {
      if (span) markFailed(span, [codeOf(error)])
      throw error
    } finally {
      span?.end()
    }
  }
}
