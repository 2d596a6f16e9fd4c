// The whole platform on the stores of a cluster (`*.cluster.test.ts`): two files at a time, each with a dozen servers.
import { defineConfig } from 'vitest/config'
import base from './vitest.services.config.ts'

export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/e2e/**/*.cluster.test.ts'], exclude: ['**/node_modules/**'] },
})
