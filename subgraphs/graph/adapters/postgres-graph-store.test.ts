import { describeGraphStoreOn } from './postgres-graph-store.fixture.ts'

describeGraphStoreOn('PGlite', async () => ({ directory: 'memory://' }), {
  'twenty thousand entities with a hundred thousand relationships are stored, read and deleted':
    'the same statements as on PostgreSQL, ten times as slow',
})
