// What all checks of one run share: the environment, where things lie, and one small pool to the database, opened when it is first asked for.
import path from 'node:path'
import { checkConfiguration, withMountedFiles } from '#shared/configuration.ts'
import { openDatabase, type Database } from '#shared/database.ts'
import type { DoctorContext } from '../../contracts/doctor.ts'
import { processRoleSchema } from '../../contracts/platform.ts'
import { dataDirectoryOf } from '../../cli/client/connection.ts'
import type { Role } from './roles.ts'

const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 5_000
const POOL_SIZE = 3

export interface OpenDoctorContext extends DoctorContext {
  /** Where PostgreSQL is; null where there is none, or where it is not said properly. */
  databaseUrl: string | null
  /** The database, or why it cannot be used. */
  openedDatabase(): Promise<Database | Error | null>
  dataDirectory: string
  close(): Promise<void>
}

export function openDoctorContext(options: {
  environment: NodeJS.ProcessEnv
  roles: readonly Role[]
}): OpenDoctorContext {
  const { environment, roles } = options
  const isStandalone = roles.some(({ kind }) => kind === 'standalone')
  const databaseUrl = isStandalone ? null : readDatabaseUrl(environment)
  let opening: Promise<Database | Error> | null = null
  const openedDatabase = () => {
    if (databaseUrl === null) return Promise.resolve(null)
    opening ??= openDatabase({
      location: { url: databaseUrl },
      poolSize: POOL_SIZE,
      applicationName: 'tributary-doctor',
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
    return opening
  }
  const database = async () => {
    const opened = await openedDatabase()
    return opened instanceof Error ? null : opened
  }
  return {
    environment,
    isStandalone,
    databaseUrl,
    dataDirectory: readDataDirectory(environment, isStandalone),
    openedDatabase,
    database,
    async close() {
      if (opening) await (await database())?.close()
    },
  }
}

function readDatabaseUrl(environment: NodeJS.ProcessEnv): string | null {
  const outcome = checkConfiguration(processRoleSchema.pick({ DATABASE_URL: true }), environment)
  return 'configuration' in outcome ? outcome.configuration.DATABASE_URL : null
}

function readDataDirectory(environment: NodeJS.ProcessEnv, isStandalone: boolean): string {
  let resolved = environment
  try {
    resolved = withMountedFiles(['TRIBUTARY_DATA_DIR'], environment)
  } catch {
    // Said by the check of the configuration.
  }
  return isStandalone ? dataDirectoryOf(resolved) : path.resolve(resolved['TRIBUTARY_DATA_DIR'] || '.tributary')
}
