// How operations are planned, as the environment says.
import { z } from 'zod'

export interface PlanningSettings {
  /** Longest time for one planning, in milliseconds. */
  timeoutMs: number
  /** Labels of @override whose fields have moved for all operations. */
  movedLabels: ReadonlySet<string>
}

export const planningVariables = {
  TRIBUTARY_GATEWAY_PLANNING_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400_000)
    .default(10_000)
    .describe('Longest time to plan one operation, in milliseconds. One that takes longer is refused.'),
  TRIBUTARY_GATEWAY_MOVED_LABELS: z
    .string()
    .default('')
    .transform((list) => new Set(list.split(',').map((label) => label.trim())))
    .describe(
      'Labels of `@override` whose fields come from the new subgraph for every operation, separated by commas. Of the others, `percent(5)` does for five operations of a hundred, and the rest for none.',
    ),
}

const planningSchema = z.object(planningVariables)

/** Of variables that were read. */
export const planningSettings = (configuration: z.output<typeof planningSchema>): PlanningSettings => ({
  timeoutMs: configuration.TRIBUTARY_GATEWAY_PLANNING_TIMEOUT_MS,
  movedLabels: configuration.TRIBUTARY_GATEWAY_MOVED_LABELS,
})

/** What counts where nothing is set. */
export const DEFAULT_PLANNING = planningSettings(planningSchema.parse({}))
