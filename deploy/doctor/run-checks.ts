// Runs checks side by side, each within its time: one that hangs or throws is a finding, and keeps no other waiting.
import { setTimeout as delay } from 'node:timers/promises'
import { TributaryError } from '#shared/errors.ts'
import { maskPasswords } from '#shared/masking.ts'
import { failed, type Check, type Finding } from '../../contracts/doctor.ts'

const CHECK_TIMEOUT_MS = 15_000

export interface CheckResult extends Finding {
  subject: string
  name: string
  durationMs: number
}

/** In the order of `checks`. `timeoutMs`: the longest that one may take, default 15,000. */
export function runChecks(checks: readonly Check[], options: { timeoutMs?: number } = {}): Promise<CheckResult[]> {
  const timeoutMs = options.timeoutMs ?? CHECK_TIMEOUT_MS
  return Promise.all(
    checks.map(async (check) => {
      const startedAt = performance.now()
      const finding = await runCheck(check, timeoutMs)
      return {
        subject: check.subject,
        name: check.name,
        ...finding,
        // Whatever a check quotes from elsewhere.
        message: maskPasswords(finding.message),
        ...(finding.remedy === undefined ? {} : { remedy: maskPasswords(finding.remedy) }),
        durationMs: Math.round(performance.now() - startedAt),
      }
    }),
  )
}

async function runCheck(check: Check, timeoutMs: number): Promise<Finding> {
  const ended = new AbortController()
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ended.signal])
  const tooLong = delay(timeoutMs, undefined, { signal: ended.signal, ref: false }).then(
    () =>
      failed(
        `no answer within ${timeoutMs / 1000} s`,
        'See whether it is overloaded, or a firewall drops its packets.',
      ),
    () => failed('cut off', 'Run it again.'),
  )
  try {
    return await Promise.race([check.run(signal), tooLong])
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return failed(
      message.replace(/\.$/, ''),
      error instanceof TributaryError
        ? 'See docs/errors.md for the code ' + error.code + '.'
        : 'This is unexpected; please report it.',
    )
  } finally {
    ended.abort()
  }
}
