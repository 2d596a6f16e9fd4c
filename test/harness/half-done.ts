// What the database shows of work that is under way: asked while the process that did it is dead, these say whether it died half done.

export const STEPS = ['FETCH', 'EXTRACT', 'CLEAN', 'CHUNK', 'EMBED', 'INDEX', 'LINK', 'CHECK'] as const
export type Step = (typeof STEPS)[number]

const ownStep = (step: Step) => `select 1 from ingestion.item i, jsonb_array_elements(i.steps) s
  where i.job_id = $1 and s ->> 'name' = '${step}' and s ->> 'status' = 'RUNNING'`
const handled = (queue: string, condition = 'true') => `select 1 from ingestion.item i
  join queue.job j on j.name = '${queue}' and j.state = 'active' and j.data ->> 'documentId' = i.document_id
  join knowledge.document d on d.id = i.document_id where i.job_id = $1 and ${condition}`

/** Whether the step of the job's only item is being worked on; $1 is the job. */
export const STEP_IS_UNDER_WAY: Record<Step, string> = {
  FETCH: ownStep('FETCH'),
  EXTRACT: ownStep('EXTRACT'),
  CLEAN: ownStep('CLEAN'),
  CHUNK: handled('knowledge.document-process', 'd.content_key is null'),
  EMBED: handled('knowledge.document-process', 'd.content_key is not null and d.vector_count is null'),
  INDEX: handled('knowledge.document-process', 'd.vector_count is not null and d.chunks_key is null'),
  LINK: handled('graph.document-link'),
  CHECK: handled('knowledge.document-check'),
}

/** Whether the job's only document waits for vectors, whoever makes them; $1 is the job. */
export const VECTORS_ARE_WANTED = `select 1 from ingestion.item i join knowledge.document d on d.id = i.document_id
  where i.job_id = $1 and d.content_key is not null and d.vector_count is null`

/** Whether the job's items are not all at their end; $1 is the job. */
export const JOB_IS_UNFINISHED = `select 1 from ingestion.item where job_id = $1 and status in ('QUEUED', 'RUNNING')`

/** Whether all of the job's items are at their end; $1 is the job. */
export const JOB_IS_FINISHED = `select 1 where not exists (${JOB_IS_UNFINISHED})`

/** Whether one of these answers is being worked on; $1 are their ids. */
export const ANSWER_IS_UNDER_WAY = `select 1 from knowledge.answer where id = any($1) and status = 'RUNNING'`

/** Whether somebody has taken a message about usage and not finished it. */
export const USAGE_IS_TAKEN = `select 1 from queue.job where name = 'metrics.usage-recorded' and state = 'active'`
