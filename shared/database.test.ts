import path from 'node:path'
import { openDatabase } from './database.ts'
import { describeDatabase } from './database.contract.ts'

describeDatabase('PGlite', {
  open: () => openDatabase({ location: { directory: 'memory://' } }),
  async openOn(disk) {
    const database = await openDatabase({ location: { directory: path.join(disk.directory, 'database') } })
    return { database, close: () => database.close() }
  },
})
