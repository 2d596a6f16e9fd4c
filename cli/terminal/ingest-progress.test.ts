import { expect, test } from 'vitest'
import type { FileOutcome, FileProgress } from '../client/ingest-files.ts'
import { createIngestProgress, describeProgress } from './ingest-progress.ts'
import type { Output } from './output.ts'

const file = { path: '/d/ledger.pdf', label: 'd/ledger.pdf', name: 'ledger.pdf', sizeBytes: 10 }
const succeeded = (isNew: boolean): FileOutcome => ({
  kind: 'succeeded',
  file,
  sha256: '0',
  jobId: 'job_1',
  documentId: 'doc_1',
  isNew,
  warnings: [
    { code: 'PAGES_WITHOUT_TEXT', message: '3 of 10 pages have no text (scanned?): 2, 5, 7.', pages: [2, 5, 7] },
  ],
  sameName: [],
})

function linesOf(outcome: FileOutcome): string[] {
  const lines: string[] = []
  const output = { isInteractive: false, line: (text = '') => void lines.push(text) } as Partial<Output> as Output
  createIngestProgress(output, 1).show(outcome)
  return lines
}

test('how far a step is, is said in the units of the step', () => {
  const at = (name: string, completedUnits: number, totalUnits: number | null) =>
    describeProgress({ __typename: 'IngestionStepProgressed', step: { name }, completedUnits, totalUnits })
  expect(at('FETCH', 12_345_678, 40_000_000)).toBe('fetch 12.3 of 40.0 MB')
  expect(at('EXTRACT', 3, 10)).toBe('extract 3 of 10 pages')
  expect(at('EMBED', 64, 900)).toBe('embed 64 of 900 chunks')
  expect(at('LINK', 64, null)).toBe('link 64 chunks')
})

test('the bar moves while a step is on its way, and back to nothing when it is begun again', () => {
  const drawn: [number, string][] = []
  const bar = { update: (done: number, _total: number, label: string) => void drawn.push([done, label]) }
  const progress = createIngestProgress({} as Output, 1, () => ({
    ...bar,
    line: () => undefined,
    stop: () => undefined,
  }))
  const item = { name: file.name, status: 'RUNNING' as const }
  const at = (completedUnits: number): FileProgress => {
    const step = { name: 'EXTRACT' }
    const event = {
      __typename: 'IngestionStepProgressed',
      cursor: '',
      item,
      step,
      completedUnits,
      totalUnits: 10,
    } as const
    return { kind: 'event', file, event }
  }
  progress.show(at(5))
  progress.show(at(1))
  const step = { name: 'EXTRACT', status: 'SUCCEEDED' as const, error: null }
  progress.show({ kind: 'event', file, event: { __typename: 'IngestionStepFinished', cursor: '', item, step } })
  expect(drawn).toEqual([
    [0.5, 'd/ledger.pdf: extract 5 of 10 pages'],
    [0.1, 'd/ledger.pdf: extract 1 of 10 pages'],
    [1, 'd/ledger.pdf: extract done'],
  ])
})

test('pages without text are said under the file that has them, when it comes in', () => {
  expect(linesOf(succeeded(true))).toEqual(['  ✓ d/ledger.pdf\n    ! 3 of 10 pages have no text (scanned?): 2, 5, 7.'])
  expect(linesOf(succeeded(false))).toEqual(['  ✓ d/ledger.pdf  (unchanged, nothing to do)'])
})
