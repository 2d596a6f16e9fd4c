// The report of a run: for people, subject by subject, each finding on a line with its remedy below; for programs, one document.
import type { Output } from '../../cli/terminal/output.ts'
import type { FindingStatus } from '../../contracts/doctor.ts'
import type { Role } from './roles.ts'
import type { CheckResult } from './run-checks.ts'

const SIGNS: Record<FindingStatus, string> = { ok: '✓', warning: '!', failed: '✗', skipped: '–' }
/** Of the counts at the end. */
const ORDER = ['failed', 'warning', 'ok', 'skipped'] as const
const LONGEST_NAME = 36

export interface Report {
  roles: readonly Role[]
  results: readonly CheckResult[]
}

export function printReport({ roles, results }: Report, output: Output): void {
  const counts = Object.fromEntries(
    ORDER.map((status) => [status, results.filter((result) => result.status === status).length]),
  ) as Record<FindingStatus, number>
  output.record({ isHealthy: counts.failed === 0, roles: roles.map(({ name }) => name), counts, checks: results })

  const width = Math.min(LONGEST_NAME, Math.max(...results.map(({ name }) => name.length)))
  for (const subject of new Set(results.map((result) => result.subject))) {
    output.line(subject)
    for (const result of results.filter((candidate) => candidate.subject === subject)) {
      const [first = '', ...others] = result.message.split('\n')
      const indent = ' '.repeat(width + 6)
      output.line(`  ${SIGNS[result.status]} ${result.name.padEnd(width)}  ${first}`)
      for (const line of others) output.line(`${indent}${line}`)
      if (result.remedy !== undefined) output.line(`${indent}→ ${result.remedy}`)
    }
    output.line()
  }
  const parts = ORDER.filter((status) => counts[status] > 0).map(
    (status) => `${counts[status]} ${wordFor(status, counts[status])}`,
  )
  output.line(`${parts.join(', ')}.`)
}

const wordFor = (status: FindingStatus, count: number): string =>
  status === 'warning' && count > 1 ? 'warnings' : status
