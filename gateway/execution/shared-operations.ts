// Equal queries of clients that are under way at the same time are executed once, and all who sent one get its result: whatever the result depends on
// is equal. Everything around the execution is done for each of them: credentials, limits, telemetry, the form of errors.
import type { ExecutionResult } from 'graphql'
import { OperationTypeNode } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import type { PlannedRequest } from '../planning/plan-operation.ts'
import type { RequestContext } from '../request-context.ts'
import { createClientHeaders } from '../subgraphs/client-headers.ts'
import { REMAINING_HEADER } from '../subgraphs/deadline.ts'
import { givesCookie, mayMatch, type HeaderRules } from '../subgraphs/header-rules.ts'
import { createSharedFetches, type SharedFetches } from '../subgraphs/shared-fetches.ts'

export interface SharedOperations {
  /** `run` is given a context that ends when the last of those who wait has left. */
  execute(
    operation: {
      planned: PlannedRequest
      coercedVariables: Readonly<Record<string, unknown>>
      context: RequestContext
    },
    run: (context: RequestContext) => Promise<ExecutionResult>,
  ): Promise<ExecutionResult>
}

interface Outcome {
  result: ExecutionResult
  headers: ReturnType<typeof createClientHeaders>
}

/** Who joins may have so much more time than the execution has, in milliseconds. */
const DEADLINE_STEP_MS = 10_000
/** An execution ends by itself, with all that it has; this is for one that does not. */
const GRACE_MS = 5000

/** Null where a result is for one client only: a subgraph may begin a session with a cookie. */
export function createSharedOperations(rules: HeaderRules): SharedOperations | null {
  if (rules.response.some(givesCookie)) return null
  const byPlan = new WeakMap<PlannedRequest, SharedFetches<Outcome>>()
  return {
    async execute({ planned, coercedVariables, context }, run) {
      if (!isShareable(planned, context)) return run(context)
      let underWay = byPlan.get(planned)
      if (!underWay) byPlan.set(planned, (underWay = createSharedFetches()))
      const key = JSON.stringify([
        context.identity,
        coercedVariables,
        headersThatPass(rules, context),
        Math.floor(context.deadline / DEADLINE_STEP_MS),
      ])
      const { result, headers } = await underWay.fetch(
        key,
        { signal: context.signal, deadline: Infinity, outOfTime: outOfTime },
        { endsAt: context.deadline + GRACE_MS, timedOut: outOfTime, isCutShort: false },
        async (signal) => {
          const collected = createClientHeaders()
          return { result: await run({ ...context, signal, clientHeaders: collected }), headers: collected }
        },
      )
      for (const [name, value] of headers.entries()) context.clientHeaders?.put(name, value)
      return result
    },
  }
}

/** Who asks for less time than usual, or for the times of the fetches, has an execution of their own. */
const isShareable = ({ operation, plan }: PlannedRequest, { headers, deadline, record }: RequestContext): boolean =>
  operation.operation === OperationTypeNode.QUERY &&
  plan !== null &&
  Number.isFinite(deadline) &&
  headers[REMAINING_HEADER] === undefined &&
  !record?.isPlanWanted

const outOfTime = () =>
  new TributaryError(
    'UPSTREAM_TIMED_OUT',
    'The time for this request was over before there was an answer (TRIBUTARY_GATEWAY_REQUEST_TIMEOUT_MS).',
  )

/** All that rules look at, for whichever subgraph. */
function headersThatPass({ request: rules }: HeaderRules, { headers }: RequestContext): [string, unknown][] {
  if (rules.length === 0) return []
  return Object.entries(headers)
    .filter(
      ([name]) =>
        // It may name headers that are not passed on.
        name === 'connection' ||
        rules.some(
          ({ forward, rename, forwardMatching }) =>
            forward?.includes(name) ||
            Object.hasOwn(rename ?? {}, name) ||
            (mayMatch('request', name) && forwardMatching?.test(name)),
        ),
    )
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
}
