// Shows how files come in: a bar over all steps of all files, and a line for each file that is done.
import type { FileProgress } from '../client/ingest-files.ts'
import type { IngestionJobEvent } from '../client/shapes.ts'
import type { Output } from './output.ts'
import { createProgress } from './progress.ts'

/** As the schema has it: FETCH, EXTRACT, CLEAN, CHUNK, EMBED, INDEX, LINK, CHECK. */
const STEPS_PER_FILE = 8

export interface IngestProgress {
  show(progress: FileProgress): void
  stop(): void
}

export function createIngestProgress(
  output: Output,
  fileCount: number,
  createBar: typeof createProgress = createProgress,
): IngestProgress {
  const finishedSteps = new Map<string, Set<string>>()
  /** How much of the step that a file is in has been done, from 0 to 1. */
  const partsOfSteps = new Map<string, number>()
  let doneCount = 0
  let label = ''
  const bar = createBar(output, () => `${doneCount}/${fileCount} files`)
  const redraw = () => {
    const steps = [...finishedSteps.values()].reduce((sum, { size }) => sum + size, 0) + sumOf(partsOfSteps.values())
    bar.update(steps, fileCount * STEPS_PER_FILE, label)
  }
  const finish = (key: string, text: string) => {
    finishedSteps.set(key, new Set(Array.from({ length: STEPS_PER_FILE }, (_, index) => String(index))))
    partsOfSteps.delete(key)
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
          if (event.__typename === 'IngestionStepProgressed') {
            label = `${file.label}: ${describeProgress(event)}`
            partsOfSteps.set(file.path, event.totalUnits ? Math.min(1, event.completedUnits / event.totalUnits) : 0)
          }
          if (event.__typename === 'IngestionStepFinished' && event.step.status === 'SUCCEEDED') {
            label = `${file.label}: ${event.step.name.toLowerCase()} done`
            finishedSteps.set(file.path, (finishedSteps.get(file.path) ?? new Set()).add(event.step.name))
            partsOfSteps.delete(file.path)
          }
          return redraw()
        }
        case 'succeeded': {
          const warnings = progress.isNew ? progress.warnings : []
          const lines = [
            `  ✓ ${file.label}${progress.isNew ? '' : '  (unchanged, nothing to do)'}`,
            ...warnings.map(({ message }) => `    ! ${message}`),
          ]
          return finish(file.path, lines.join('\n'))
        }
        case 'started':
          return finish(file.path, `  → ${file.label}  (${progress.jobId})`)
        case 'failed':
          return finish(file.path, `  ✗ ${file.label}: ${progress.message}`)
      }
    },
    stop: () => bar.stop(),
  }
}

type StepProgressed = Extract<IngestionJobEvent, { __typename: 'IngestionStepProgressed' }>

/** `extract 3 of 10 pages` */
export function describeProgress({
  step,
  completedUnits,
  totalUnits,
}: Omit<StepProgressed, 'cursor' | 'item'>): string {
  const { unit, show } = UNITS[step.name] ?? CHUNKS
  const amount = totalUnits === null ? show(completedUnits) : `${show(completedUnits)} of ${show(totalUnits)}`
  return `${step.name.toLowerCase()} ${amount} ${unit}`
}

interface Unit {
  unit: string
  show(amount: number): string
}

const CHUNKS: Unit = { unit: 'chunks', show: String }
const UNITS: Readonly<Record<string, Unit>> = {
  FETCH: { unit: 'MB', show: (bytes) => (bytes / 1e6).toFixed(1) },
  EXTRACT: { unit: 'pages', show: String },
}

const sumOf = (numbers: Iterable<number>): number => [...numbers].reduce((sum, number) => sum + number, 0)
