// The stores of an installation, without the platform that works on them: those of a data directory that no platform uses now, or those of a
// cluster, as its processes find them in their environment.
import path from 'node:path'
import type { BlobStore } from '#shared/blob-store.ts'
import { readConfiguration, withMountedFiles } from '#shared/configuration.ts'
import { openDatabase, type Database } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import { blobSchema, blobVariables, openBlobs } from '../../contracts/open-blobs.ts'
import { processRoleSchema } from '../../contracts/platform.ts'
import { dataDirectoryOf } from '../../cli/client/connection.ts'
import { holdsInstallation, openDataDirectory } from '../standalone/data-directory.ts'

export interface Installation {
  /** For people: what it is, and where. Without secrets. */
  description: string
  database: Database
  blobs: BlobStore
  /** Where embedded stores keep their files. */
  dataDirectory: string
  close(): Promise<void>
}

export interface OpenInstallationOptions {
  /** Flag of the command line: this directory, whatever the environment says. */
  dataDirectory: string | undefined
  environment: NodeJS.ProcessEnv
  /** Makes a data directory that is not there. */
  canCreate: boolean
  /** Another process has taken the data directory over, and this one must end. */
  onLockLost: (error: Error) => void
}

/** Whole tables are counted: longer than any statement of the platform. */
const STATEMENT_TIMEOUT_MS = 600_000
const POOL_SIZE = 4

const clusterSchema = processRoleSchema.pick({ DATABASE_URL: true, TRIBUTARY_DATA_DIR: true }).extend(blobVariables)

/** Throws DATA_DIRECTORY_LOCKED where a platform runs, NOT_FOUND where there is none, and what opening the stores throws. */
export async function openInstallation(options: OpenInstallationOptions): Promise<Installation> {
  if (options.dataDirectory !== undefined) return openStandalone(path.resolve(options.dataDirectory), options)
  const environment = withMountedFiles(['DATABASE_URL', 'TRIBUTARY_DATA_DIR'], options.environment)
  return environment['DATABASE_URL']
    ? openCluster(environment)
    : openStandalone(dataDirectoryOf(environment), { ...options, environment })
}

async function openCluster(environment: NodeJS.ProcessEnv): Promise<Installation> {
  const configuration = readConfiguration(clusterSchema, environment)
  const dataDirectory = path.resolve(configuration.TRIBUTARY_DATA_DIR)
  const blobs = await openBlobs({ configuration, dataDirectory, onWarning: () => undefined })
  const database = await openDatabase({
    location: { url: configuration.DATABASE_URL },
    poolSize: POOL_SIZE,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  })
  const { host, pathname } = new URL(configuration.DATABASE_URL)
  return {
    description: `the installation on PostgreSQL at ${host}${pathname}, with its files in ${dataDirectory}`,
    database,
    blobs,
    dataDirectory,
    async close() {
      await database.close()
      await blobs.close()
    },
  }
}

async function openStandalone(directory: string, options: OpenInstallationOptions): Promise<Installation> {
  if (!options.canCreate && !(await holdsInstallation(directory)))
    throw new TributaryError(
      'NOT_FOUND',
      `There is no installation in ${directory}. Name its data directory with --data-dir, or set DATABASE_URL for one that runs on PostgreSQL.`,
    )
  const opened = new AsyncDisposableStack()
  try {
    const data = await openDataDirectory({ directory, onLockLost: options.onLockLost })
    opened.defer(() => data.close())
    const database = await openDatabase({ location: { directory: data.databasePath } })
    opened.defer(() => database.close())
    await data.markDatabaseReady()
    const configuration = readConfiguration(blobSchema, options.environment)
    const blobs = await openBlobs({ configuration, dataDirectory: data.path, onWarning: () => undefined })
    opened.defer(() => blobs.close())
    return {
      description: `the installation in ${data.path}`,
      database,
      blobs,
      dataDirectory: data.path,
      close: () => opened.disposeAsync(),
    }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}
