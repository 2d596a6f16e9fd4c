import { openMemoryDatabase } from '../test/harness/new-database.ts'
import { describeStreamLog } from './stream-log.contract.ts'
import { openLogs } from './stream-log.fixture.ts'

describeStreamLog('PGlite', async () => openLogs(await openMemoryDatabase()))
