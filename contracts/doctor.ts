// The port of `tributary doctor`: one thing to look at, and what was found. Each subgraph's `doctor.ts` gives the checks of what it depends on;
// deploy/doctor runs them all side by side. A check leaves nothing behind, also when it is killed half-way, and what it says holds no secret.
import type { Database } from '#shared/database.ts'

export type FindingStatus = 'ok' | 'warning' | 'failed' | 'skipped'

export interface Finding {
  status: FindingStatus
  /** What was found, for people: a phrase without an end of sentence, a line for each of several. */
  message: string
  /** How to mend it; with every `warning` and `failed`. */
  remedy?: string
}

export interface Check {
  /** What is looked at; checks of one subject are shown together. */
  subject: string
  name: string
  /** Whatever it throws, or a signal that aborts first, is a failed finding. */
  run(signal: AbortSignal): Promise<Finding>
}

/** What checks are given. */
export interface DoctorContext {
  /** That of the roles. */
  environment: NodeJS.ProcessEnv
  /** True when everything runs in one process over embedded stores. */
  isStandalone: boolean
  /** PostgreSQL of the platform, opened once for all checks. Null where there is none, or it cannot be used; its own check says why. */
  database(): Promise<Database | null>
}

export const ok = (message: string): Finding => ({ status: 'ok', message })
export const skipped = (message: string): Finding => ({ status: 'skipped', message })
export const warning = (message: string, remedy: string): Finding => ({ status: 'warning', message, remedy })
export const failed = (message: string, remedy: string): Finding => ({ status: 'failed', message, remedy })
