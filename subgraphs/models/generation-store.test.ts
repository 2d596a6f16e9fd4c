import { createTestPlatform } from '../../test/harness/platform.ts'
import { describeGenerationStore } from './generation-store.contract.ts'

describeGenerationStore('PGlite', createTestPlatform)
