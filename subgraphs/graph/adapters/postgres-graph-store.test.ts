import { describeGraphStoreOn } from './postgres-graph-store.fixture.ts'

describeGraphStoreOn('PGlite', async () => ({ directory: 'memory://' }))
