// A database in memory that is as new as one that PGlite makes, in a sixth of the time: PGlite makes one for all tests of a checkout, and each test
// begins with a copy.
import { PGlite } from '@electric-sql/pglite'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { openDatabase, type Database, type OpenDatabaseOptions } from '#shared/database.ts'
import { repositoryRoot } from './environment.ts'

const modules = path.join(repositoryRoot, 'node_modules')
const manifest = JSON.parse(await readFile(path.join(modules, '@electric-sql/pglite/package.json'), 'utf8')) as {
  version: string
}
const file = path.join(modules, `.cache/tributary-tests/pglite-${manifest.version}.tar`)

/** For `openDatabase`. */
export const newDatabase = async (): Promise<Blob> => new Blob([(await read()) ?? (await make())])

export const openMemoryDatabase = async (options: Omit<OpenDatabaseOptions, 'location'> = {}): Promise<Database> =>
  openDatabase({ ...options, location: { directory: 'memory://', initialData: await newDatabase() } })

async function make(): Promise<Uint8Array<ArrayBuffer>> {
  const client = await PGlite.create('memory://')
  try {
    const bytes = new Uint8Array(await (await client.dumpDataDir('none')).arrayBuffer())
    await mkdir(path.dirname(file), { recursive: true })
    // Whole or not at all: other test files do the same at the same time.
    const own = `${file}.${process.pid}`
    await writeFile(own, bytes)
    await rename(own, file)
    return bytes
  } finally {
    await client.close()
  }
}

const read = async (): Promise<Uint8Array<ArrayBuffer> | null> =>
  readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
