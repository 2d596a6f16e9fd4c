// The doctor's check that a subgraph's tables are those that its program expects.
import type { MigrateOptions } from '#shared/database.ts'
import { readMigrationState } from '#shared/migration-history.ts'
import { assertNever } from '#shared/errors.ts'
import { failed, ok, skipped, warning, type Check, type DoctorContext } from './doctor.ts'

export function migrationsCheck(context: DoctorContext, { schema, folder }: MigrateOptions): Check {
  return {
    subject: 'Migrations',
    name: schema,
    async run() {
      if (context.isStandalone) return skipped('applied at every start')
      const database = await context.database()
      if (!database) return skipped('PostgreSQL cannot be used')
      const state = await readMigrationState(database.sql, { schema, folder })
      switch (state.kind) {
        case 'current':
          return ok(`up to date (${state.last})`)
        case 'none':
          return warning(`none of ${state.pending.length} applied yet`, `Start the role ${schema}, which applies them.`)
        case 'behind':
          return warning(
            `behind by ${state.pending.length}: ${state.pending.join(', ')}`,
            `Start the role ${schema} of this version, which applies them.`,
          )
        case 'newer':
          return failed(
            `written by a newer version: the database has had ${state.databaseHas}; this version knows ${state.programKnows}`,
            'Start that version, or use another database.',
          )
        default:
          return assertNever(state)
      }
    },
  }
}
