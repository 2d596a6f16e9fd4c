// What graph depends on, for `tributary doctor`.
import { fileURLToPath } from 'node:url'
import { checkConfiguration } from '#shared/configuration.ts'
import { maskPasswords } from '#shared/masking.ts'
import type { Check, DoctorContext } from '../../contracts/doctor.ts'
import { migrationsCheck } from '../../contracts/migrations-check.ts'
import { storeChecks } from '../../contracts/store-checks.ts'
import { configSchema, neo4jOptions } from './config.ts'

export function graphChecks(context: DoctorContext): Check[] {
  const folder = fileURLToPath(new URL('./migrations', import.meta.url))
  return [migrationsCheck(context, { schema: 'graph', folder }), ...neo4jChecks(context)]
}

/** None where NEO4J_URI is not set: the graph is in tables then. */
function neo4jChecks({ environment }: DoctorContext): Check[] {
  const outcome = checkConfiguration(configSchema, environment)
  // What is wrong with it is said by the check of the configuration.
  const options = 'problems' in outcome ? null : neo4jOptions(outcome.configuration)
  if (options === null) return []
  const place = maskPasswords(options.uri)
  return storeChecks({
    subject: 'Neo4j',
    listener: { url: options.uri, defaultPort: 7_687 },
    stages: { reachable: place, credentials: 'accepted', database: options.database ?? 'the default one' },
    looks: ['version', 'writable', 'migrations', 'clock'],
    load: async () => (await import('./doctor/neo4j.ts')).examineNeo4j(options, place),
  })
}
