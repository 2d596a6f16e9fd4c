// What a benchmark says: one row a figure, with the value that the target speaks of marked. A benchmark never fails on a slow machine; it
// says "not" and leaves the judgement to whoever reads the load beside it.
import { cpus, totalmem } from 'node:os'
import { setTimeout } from 'node:timers/promises'

export interface Target {
  /** Which of the values the target speaks of. */
  of: 'median' | 'p95'
  atMost?: number
  atLeast?: number
}

export interface Figure {
  name: string
  /** `ms`, `s`, `MiB`, `/s`; empty for a ratio. */
  unit: string
  values: readonly number[]
  target?: Target
}

/** Nearest rank: the smallest value that at least `share` of all values do not exceed. NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

export function printFigures(title: string, figures: readonly Figure[]): void {
  const rows = figures.map((figure) => {
    const { name, unit, values, target } = figure
    const p99 = values.length >= 100 ? format(percentile(values, 0.99), unit) : ''
    return [
      name,
      format(median(values), unit),
      values.length > 1 ? format(percentile(values, 0.95), unit) : '',
      p99,
      String(values.length),
      describe(target, unit),
      target ? (isMet(figure, target) ? 'ok' : 'not') : '',
    ]
  })
  const table = [['figure', 'median', 'p95', 'p99', 'n', 'target', ''], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd()
  console.log(`\n${title} · ${machine()}`)
  console.log([line(table[0]!), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n'))
}

/** Others at work on the machine spoil every figure: say so. The load average would still speak of a minute ago. */
export async function warnWhenBusy(): Promise<void> {
  const before = processorTimes()
  await setTimeout(2000)
  const after = processorTimes()
  const share = 1 - (after.idle - before.idle) / (after.total - before.total)
  if (share > 0.1)
    console.error(
      `Other work takes ${(share * 100).toFixed(0)} % of this machine: the figures will be worse than they are.`,
    )
}

function processorTimes(): { idle: number; total: number } {
  const times = cpus().map((cpu) => cpu.times)
  const sum = (values: readonly number[]) => values.reduce((left, right) => left + right, 0)
  return { idle: sum(times.map(({ idle }) => idle)), total: sum(times.flatMap((each) => Object.values(each))) }
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`
}

function isMet({ values }: Figure, { of, atMost = Infinity, atLeast = -Infinity }: Target): boolean {
  const value = of === 'median' ? median(values) : percentile(values, 0.95)
  return value <= atMost && value >= atLeast
}

function describe(target: Target | undefined, unit: string): string {
  if (!target) return ''
  const bound = target.atMost === undefined ? `≥ ${format(target.atLeast!, unit)}` : `≤ ${format(target.atMost, unit)}`
  return `${target.of} ${bound}`
}

function format(value: number, unit: string): string {
  if (!Number.isFinite(value)) return '–'
  const digits = unit === 'ms' || unit === 'MiB' ? (Math.abs(value) < 10 ? 1 : 0) : Math.abs(value) < 100 ? 2 : 0
  return `${value.toFixed(digits)}${unit === '' ? '' : unit.startsWith('/') ? unit : ` ${unit}`}`
}
