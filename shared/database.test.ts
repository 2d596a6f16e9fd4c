import path from 'node:path'
import { openMemoryDatabase } from '../test/harness/new-database.ts'
import { openDatabase } from './database.ts'
import { describeDatabase } from './database.contract.ts'

describeDatabase('PGlite', {
  open: () => openMemoryDatabase(),
  async openOn(disk) {
    const database = await openDatabase({ location: { directory: path.join(disk.directory, 'database') } })
    return { database, close: () => database.close() }
  },
})
