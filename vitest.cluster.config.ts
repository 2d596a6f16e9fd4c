// The whole platform on the stores of a cluster (`*.cluster.test.ts`): one file at a time, since each starts a dozen servers.
import { defineConfig } from 'vitest/config'
import base from './vitest.services.config.ts'

export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/e2e/**/*.cluster.test.ts'], exclude: ['**/node_modules/**'] },
})
