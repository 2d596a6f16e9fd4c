// The whole platform on the stores of a cluster (`*.cluster.test.ts`), one file at a time: a dozen servers and as many roles leave no core idle.
import { defineConfig } from 'vitest/config'
import base from './vitest.services.config.ts'

export default defineConfig({
  ...base,
  test: { ...base.test, maxWorkers: 1, include: ['test/e2e/**/*.cluster.test.ts'], exclude: ['**/node_modules/**'] },
})
