// `tributary ingest FILE|DIR…`: brings documents into a knowledge base, which is made when it does not exist.
import { clientError, EXIT_STATUS, type ExitStatus } from '../client/client-error.ts'
import { findFiles } from '../client/find-files.ts'
import { earlierDocuments, ingestFiles, type EarlierDocuments, type FileOutcome } from '../client/ingest-files.ts'
import { ensureKnowledgeBase } from '../client/knowledge-bases.ts'
import { createIngestProgress } from '../terminal/ingest-progress.ts'
import type { Output } from '../terminal/output.ts'
import type { CommandContext } from './context.ts'

export interface IngestFlags {
  knowledgeBase: string
  wait?: boolean
}

const SKIPPED_SHOWN = 20
const EARLIER_SHOWN = 20

export async function ingest(
  { endpoint, output, signal }: CommandContext,
  locations: readonly string[],
  flags: IngestFlags,
): Promise<ExitStatus> {
  const { files, skipped } = await findFiles(locations)
  for (const { path, reason } of skipped.slice(0, SKIPPED_SHOWN)) output.note(`  – ${path} skipped: ${reason}`)
  if (skipped.length > SKIPPED_SHOWN) output.note(`  – and ${skipped.length - SKIPPED_SHOWN} more skipped`)
  for (const file of skipped) output.record({ event: 'skipped', ...file })
  if (files.length === 0)
    throw clientError(
      'NO_FILES',
      'None of that can be ingested. Name text, Markdown, HTML or PDF files, or a folder that has some.',
    )

  const knowledgeBase = await ensureKnowledgeBase(endpoint, flags.knowledgeBase, signal)
  output.record({ event: 'knowledge-base', ...knowledgeBase })
  output.line(
    `${knowledgeBase.isNew ? 'New knowledge base' : 'Knowledge base'} "${knowledgeBase.name}" (${knowledgeBase.id}):`,
  )
  const progress = createIngestProgress(output, files.length)
  let outcomes: FileOutcome[]
  try {
    outcomes = await ingestFiles({
      endpoint,
      knowledgeBaseId: knowledgeBase.id,
      files,
      isWaiting: flags.wait === true,
      onProgress(event) {
        progress.show(event)
        if (event.kind === 'event') output.record({ event: 'progress', file: event.file.path, progress: event.event })
        else if (event.kind !== 'accepted') output.record(fileRecord(event))
      },
      signal,
    })
  } finally {
    progress.stop()
  }

  const count = (kind: FileOutcome['kind']) => outcomes.filter((outcome) => outcome.kind === kind).length
  const unchanged = outcomes.filter((outcome) => outcome.kind === 'succeeded' && !outcome.isNew).length
  const summary = {
    succeeded: count('succeeded') - unchanged,
    unchanged,
    started: count('started'),
    failed: count('failed'),
    skipped: skipped.length,
  }
  showEarlierDocuments(earlierDocuments(outcomes), output)
  output.record({ event: 'finished', knowledgeBaseId: knowledgeBase.id, ...summary })
  output.line(
    Object.entries({
      ingested: summary.succeeded,
      unchanged: summary.unchanged,
      started: summary.started,
      failed: summary.failed,
      skipped: summary.skipped,
    })
      .filter(([, number]) => number > 0)
      .map(([what, number]) => `${number} ${what}`)
      .join(', '),
  )
  if (summary.started > 0) output.line('They are worked on now; see how far with `npx tributary status`.')
  else if (summary.failed === 0) output.line(`Ask it: npx tributary ask "…" --knowledge-base "${knowledgeBase.name}"`)
  if (summary.failed === 0) return EXIT_STATUS.success
  return summary.failed === outcomes.length ? EXIT_STATUS.failed : EXIT_STATUS.partlyFailed
}

function fileRecord(outcome: FileOutcome): object {
  const { kind, file, ...rest } = outcome
  return { event: 'file', status: kind, file: file.path, ...rest }
}

/** Nothing is deleted unasked: another file may have the same name. */
function showEarlierDocuments(earlier: readonly EarlierDocuments[], output: Output): void {
  for (const { file, documents } of earlier)
    output.record({ event: 'earlier-documents', file: file.path, name: file.name, documents })
  if (earlier.length === 0) return
  output.line('Documents of the same name with other contents are still there, and are searched too:')
  for (const { file, documents } of earlier.slice(0, EARLIER_SHOWN)) {
    for (const { id, title, createdAt } of documents)
      output.line(`  ! ${file.name}: ${id}, "${title}", of ${createdAt.slice(0, 10)}`)
  }
  if (earlier.length > EARLIER_SHOWN) output.line(`  ! and of ${earlier.length - EARLIER_SHOWN} more files`)
  output.line(
    'A changed file does not replace its document: delete what is out of date with the mutation documentDelete.',
  )
}
