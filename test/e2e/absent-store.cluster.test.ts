import { ensureCluster } from '../services/cluster.ts'
import { describeWithService } from '../services/service.ts'
import { absentStoreStory } from './stories/absent-store.ts'

const ANSWERED = {
  upload: 'answered',
  job: 'answered',
  ask: 'answered',
  search: 'answered',
  entities: 'answered',
} as const
const REFUSED = { upload: 'refused', job: 'refused', ask: 'refused', search: 'refused', entities: 'refused' } as const

describeWithService('on a cluster', await ensureCluster('qdrant'), ({ title, start }) => {
  absentStoreStory(title, start, [
    // Events are told when it is back; what they tell of goes on.
    { store: 'redis', how: 'silent', calls: { ...ANSWERED, ask: 'waits' }, isDocumentFinished: true },
    {
      store: 'neo4j',
      how: 'stopped',
      calls: { ...ANSWERED, entities: 'refused' },
      isDocumentFinished: false,
      vainTries: 2,
    },
    {
      store: 'qdrant',
      how: 'stopped',
      calls: { ...ANSWERED, ask: 'refused', search: 'refused' },
      isDocumentFinished: false,
      vainTries: 4,
    },
    {
      store: 's3',
      how: 'silent',
      calls: { ...ANSWERED, upload: 'refused', job: 'refused' },
      isDocumentFinished: false,
      vainTries: 1,
    },
    { store: 'postgresql', how: 'stopped', calls: REFUSED, isDocumentFinished: null },
  ])
})
