// Judgements that the doctor passes on stores of every kind.
import { failed, ok, skipped, warning, type Finding } from './doctor.ts'

export interface OldestVersion {
  /** For example `6.2`. */
  oldest: string
  /** What of it is needed, as a relative clause: `which …`. */
  why: string
}

/** `version` as the server says it, for example `5.26.12` or `2025.01.0-community`. */
export function judgeStoreVersion(version: string, { oldest, why }: OldestVersion): Finding {
  const numbers = (text: string): number[] => (/\d+(\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number)
  const [actual, wanted] = [numbers(version), numbers(oldest)]
  if (!/\d/.test(version)) return skipped('it does not say its version')
  const differing = wanted.findIndex((number, index) => (actual[index] ?? 0) !== number)
  if (differing < 0 || (actual[differing] ?? 0) > wanted[differing]!) return ok(version)
  return failed(`${version}, ${why}`, `Upgrade the server to ${oldest} or newer.`)
}

export interface ClockLimits {
  /** Milliseconds from which it is a warning. */
  warnFromMs: number
  /** Milliseconds from which it is a failure. Default: never. */
  failFromMs?: number
  /** What goes wrong otherwise, with the remedy. */
  why: string
}

/** `skewMs`: how far the server is ahead. */
export function judgeClockSkew(skewMs: number, { warnFromMs, failFromMs = Infinity, why }: ClockLimits): Finding {
  const size = Math.abs(skewMs)
  if (size <= warnFromMs) return ok(`within ${Math.max(1, Math.round(size))} ms of this machine`)
  const words = `${(size / 1000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine`
  const remedy = `Set the clocks of both machines by NTP (timedatectl set-ntp true): ${why}.`
  return size > failFromMs ? failed(words, remedy) : warning(words, remedy)
}
