import path from 'node:path'
import { newDatabase } from '../../../test/harness/new-database.ts'
import { describeGraphStoreOn } from './postgres-graph-store.fixture.ts'

const nothing = async (): Promise<void> => undefined

describeGraphStoreOn(
  'PGlite',
  {
    locate: async () => ({ directory: 'memory://', initialData: await newDatabase() }),
    locateOn: async (disk) => ({
      location: { directory: path.join(disk.directory, 'database') },
      restartServer: nothing,
      close: nothing,
    }),
  },
  {
    'twenty thousand entities with a hundred thousand relationships are stored, read and deleted':
      'the same statements as on PostgreSQL, ten times as slow',
  },
)
