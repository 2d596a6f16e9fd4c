// Tests that need a real service (`*.service.test.ts`): two files at a time, because most of each is waiting for servers.
import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    include: ['{shared,contracts,gateway,subgraphs,schema,cli,deploy,test}/**/*.service.test.ts'],
    exclude: ['test/bench/**', '**/node_modules/**'],
  },
})
