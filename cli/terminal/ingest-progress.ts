// Shows how files come in: a bar over all steps of all files, and a line for each file that is done.
import type { FileProgress } from '../client/ingest-files.ts'
import type { Output } from './output.ts'
import { createProgress } from './progress.ts'

/** As the schema has it: FETCH, EXTRACT, CLEAN, CHUNK, EMBED, INDEX, LINK, CHECK. */
const STEPS_PER_FILE = 8

export interface IngestProgress {
  show(progress: FileProgress): void
  stop(): void
}

export function createIngestProgress(output: Output, fileCount: number): IngestProgress {
  const finishedSteps = new Map<string, Set<string>>()
  let doneCount = 0
  let label = ''
  const bar = createProgress(output, () => `${doneCount}/${fileCount} files`)
  const redraw = () => {
    const steps = [...finishedSteps.values()].reduce((sum, { size }) => sum + size, 0)
    bar.update(steps, fileCount * STEPS_PER_FILE, label)
  }
  const finish = (key: string, text: string) => {
    finishedSteps.set(key, new Set(Array.from({ length: STEPS_PER_FILE }, (_, index) => String(index))))
    doneCount += 1
    bar.line(text)
    if (doneCount < fileCount) redraw()
  }

  return {
    show(progress) {
      const { file } = progress
      switch (progress.kind) {
        case 'accepted':
          label = file.label
          return redraw()
        case 'event': {
          const { event } = progress
          if (event.__typename === 'IngestionStepProgressed')
            label = `${file.label}: ${event.step.name.toLowerCase()} ${event.completedUnits}${event.totalUnits ? `/${event.totalUnits}` : ''}`
          if (event.__typename === 'IngestionStepFinished' && event.step.status === 'SUCCEEDED') {
            label = `${file.label}: ${event.step.name.toLowerCase()} done`
            finishedSteps.set(file.path, (finishedSteps.get(file.path) ?? new Set()).add(event.step.name))
          }
          return redraw()
        }
        case 'succeeded':
          return finish(file.path, `  ✓ ${file.label}${progress.isNew ? '' : '  (was there already)'}`)
        case 'started':
          return finish(file.path, `  → ${file.label}  (${progress.jobId})`)
        case 'failed':
          return finish(file.path, `  ✗ ${file.label}: ${progress.message}`)
      }
    },
    stop: () => bar.stop(),
  }
}
