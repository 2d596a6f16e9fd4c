// The tables of metrics as its processes expect them. Safe to run from several at once.
import { fileURLToPath } from 'node:url'
import type { Database } from '#shared/database.ts'

export function migrate(database: Database): Promise<void> {
  return database.migrate({ schema: 'metrics', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
}
