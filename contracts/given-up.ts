// What becomes of a message that was delivered for a week and never got through. A step of a document has then failed, and can be tried again by
// whoever wants the document; a deletion is a promise that nobody asks for twice, so it goes on being tried, and the log says week by week that it is late.
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { GivenUp, JobQueue, MessageDefinition } from '#shared/job-queue.ts'
import { stepReported, type IngestionStepName, type StepError } from './messages.ts'

interface ItemCommand {
  workspaceId: string
  itemId: string
  attempt: number
}

/** For watchers of the item: why, and what they can do. */
export function givenUpError({ lastError }: Pick<GivenUp<unknown>, 'lastError'>): StepError {
  const reason = lastError?.message ?? 'The log of the worker says why.'
  return {
    code: lastError?.code ?? 'INTERNAL_SERVER_ERROR',
    message: `The step was tried again and again for a week and never got through: ${reason} See that it can, then retry the ingestion of the document.`,
    isRetryable: true,
  }
}

/** Reports the step as failed, which ends the item and its document. */
export async function failGivenUpStep(
  queue: Pick<JobQueue, 'send'>,
  step: IngestionStepName,
  givenUp: GivenUp<ItemCommand>,
): Promise<void> {
  const { workspaceId, itemId, attempt } = givenUp.data
  await queue.send(stepReported, {
    workspaceId,
    itemId,
    attempt,
    step,
    status: 'FAILED',
    occurredAt: new Date().toISOString(),
    error: givenUpError(givenUp),
  })
}

/** Sends the deletion anew, for another week. */
export function resendDeletion<Schema extends z.ZodType>(
  message: MessageDefinition<Schema>,
  { queue, logger }: { queue: Pick<JobQueue, 'send'>; logger: Pick<Logger, 'error'> },
): (givenUp: GivenUp<z.output<Schema>>) => Promise<void> {
  return async ({ data, lastError }) => {
    await queue.send(message, data as z.input<Schema>)
    logger.error(
      { message: message.queue, deletion: data, lastError },
      'a store has not deleted for a week what it was told to; it is told again, until it does. The last error says what keeps it from that',
    )
  }
}
