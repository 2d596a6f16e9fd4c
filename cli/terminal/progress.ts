// Progress of work whose size is known: a bar where a person watches, otherwise a line for each part that is done.
import { SingleBar } from 'cli-progress'
import type { Output } from './output.ts'

export interface Progress {
  /** `done` of `total`, and what is being worked on. */
  update(done: number, total: number, label: string): void
  /** A line that stays, above the bar. */
  line(text: string): void
  stop(): void
}

export function createProgress(output: Output, unit: (done: number, total: number) => string): Progress {
  if (!output.isInteractive) {
    return { update: () => undefined, line: (text) => output.line(text), stop: () => undefined }
  }
  const bar = new SingleBar({
    format: '  {bar} {amount}  {label}',
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    fps: 10,
  })
  let isRunning = false
  return {
    update(done, total, label) {
      const payload = { amount: unit(done, total), label: shorten(label) }
      if (!isRunning) bar.start(total, done, payload)
      isRunning = true
      bar.setTotal(total)
      bar.update(done, payload)
    },
    line(text) {
      if (isRunning) bar.stop()
      isRunning = false
      output.line(text)
    },
    stop() {
      if (isRunning) bar.stop()
      isRunning = false
    },
  }
}

const LABEL_CHARACTERS = 48
const shorten = (label: string) =>
  label.length > LABEL_CHARACTERS ? `${label.slice(0, LABEL_CHARACTERS - 1)}…` : label.padEnd(LABEL_CHARACTERS)
