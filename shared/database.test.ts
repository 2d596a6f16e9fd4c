import { openDatabase } from './database.ts'
import { describeDatabase } from './database.contract.ts'

describeDatabase('PGlite', () => openDatabase({ location: { directory: 'memory://' } }))
