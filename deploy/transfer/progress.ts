// How far a move has come: a bar where a person watches, otherwise a line for each kind that is done.
import type { Output } from '../../cli/terminal/output.ts'
import { createProgress } from '../../cli/terminal/progress.ts'

export interface TransferProgress {
  /** Begins `subgraph` `kind`; `done` of its records are there already. */
  begin(subgraph: string, kind: string, done: number): void
  record(records?: number): void
  /** The kind is done. */
  end(): void
  note(text: string): void
  stop(): void
}

export function createTransferProgress(output: Output, verb: string, totalRecords: number): TransferProgress {
  let doneRecords = 0
  let current = { subgraph: '', kind: '', records: 0 }
  const bar = createProgress(
    output,
    (done, total) => `${done.toLocaleString('en')}/${total.toLocaleString('en')} records`,
  )
  const redraw = () =>
    bar.update(doneRecords, Math.max(totalRecords, doneRecords, 1), `${current.subgraph}: ${words(current.kind)}`)

  return {
    begin(subgraph, kind, done) {
      current = { subgraph, kind, records: done }
      doneRecords += done
      redraw()
    },
    record(records = 1) {
      current.records += records
      doneRecords += records
      redraw()
    },
    end() {
      const { subgraph, kind, records } = current
      output.record({ event: verb, subgraph, kind, records })
      if (records > 0) bar.line(`  ${subgraph}: ${records.toLocaleString('en')} ${words(kind)}`)
    },
    note: (text) => bar.line(text),
    stop: () => bar.stop(),
  }
}

const words = (kind: string) => kind.replaceAll('-', ' ')
