// `tributary status`: who one is, which models there are, which knowledge bases, and what is being worked on.
import { EXIT_STATUS, type ExitStatus } from '../client/client-error.ts'
import { listKnowledgeBases } from '../client/knowledge-bases.ts'
import { readAll } from '../client/pages.ts'
import type { IngestionJob, Model, ModelHost } from '../client/shapes.ts'
import type { CommandContext } from './context.ts'
import { EMBEDDING_REMEDY } from './search.ts'

const LATEST_JOBS = 200

interface Viewer {
  subject: string
  roles: string[]
  workspace: { id: string; name: string }
}

export async function status({ endpoint, output, signal }: CommandContext): Promise<ExitStatus> {
  const [{ viewer }, models, { modelHosts }, knowledgeBases, jobs] = await Promise.all([
    endpoint.request<{ viewer: Viewer }>('Viewer', {}, signal),
    readAll<Model>({ endpoint, operationName: 'Models', field: 'models', signal }),
    endpoint.request<{ modelHosts: ModelHost[] }>('ModelHosts', {}, signal),
    listKnowledgeBases(endpoint, null, signal),
    readAll<IngestionJob>({
      endpoint,
      operationName: 'IngestionJobs',
      field: 'ingestionJobs',
      limit: LATEST_JOBS,
      signal,
    }),
  ])
  const running = jobs.filter((job) => job.status === 'QUEUED' || job.status === 'RUNNING')
  const failed = jobs.filter((job) => job.failedItemCount > 0)
  output.record({
    endpoint: endpoint.url,
    viewer,
    models,
    modelHosts,
    knowledgeBases,
    runningJobs: running,
    failedJobs: failed,
  })

  output.line(`Endpoint         ${endpoint.url}`)
  output.line(`Workspace        ${viewer.workspace.name}, as ${viewer.roles.join(' and ')} (${viewer.subject})`)
  output.line('Model hosts')
  for (const { name, provider, isReachable, loadedModels } of modelHosts) {
    const loaded = loadedModels.length > 0 ? `, in memory: ${loadedModels.map((model) => model.name).join(', ')}` : ''
    output.line(`  ${name}  ${provider}  ${isReachable ? 'reachable' : 'NOT reachable'}${loaded}`)
  }
  output.line(models.length > 0 ? 'Models' : 'Models           none: search is by words only, and answers are extracts')
  for (const { name, provider, capabilities } of models)
    output.line(`  ${name}  ${provider}  ${capabilities.join(', ').toLowerCase()}`)
  if (!models.some(({ capabilities }) => capabilities.includes('EMBEDDING'))) {
    if (models.length > 0) output.line('  no embedding model: search is by words only')
    output.line(`  ${EMBEDDING_REMEDY}`)
  }
  output.line(
    knowledgeBases.length > 0
      ? 'Knowledge bases'
      : 'Knowledge bases  none; make one with `npx tributary ingest FILE|DIR`',
  )
  for (const { name, documentCount, chunkCount } of knowledgeBases)
    output.line(`  ${name}  ${documentCount} documents, ${chunkCount} chunks`)
  output.line(running.length > 0 ? 'Running jobs' : 'Running jobs     none')
  for (const job of running)
    output.line(
      `  ${job.id}  ${job.status}  ${job.completedItemCount} of ${job.itemCount} done${job.knowledgeBase ? `  → ${job.knowledgeBase.name}` : ''}`,
    )
  if (failed.length > 0) {
    output.line('Jobs with failed items')
    for (const job of failed) output.line(`  ${job.id}  ${job.failedItemCount} of ${job.itemCount} failed`)
  }
  return EXIT_STATUS.success
}
