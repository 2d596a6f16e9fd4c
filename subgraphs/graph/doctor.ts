// What graph depends on, for `tributary doctor`.
import { fileURLToPath } from 'node:url'
import type { Check, DoctorContext } from '../../contracts/doctor.ts'
import { migrationsCheck } from '../../contracts/migrations-check.ts'

export function graphChecks(context: DoctorContext): Check[] {
  const folder = fileURLToPath(new URL('./migrations', import.meta.url))
  return [migrationsCheck(context, { schema: 'graph', folder })]
}
