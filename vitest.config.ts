// Tests run in processes of their own, two at a time: models and servers want the other core.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // As Node resolves it: Vite would take graphql's "module" build, while CommonJS packages load the other, and two do not mix.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    pool: 'forks',
    execArgv: ['--import', fileURLToPath(new URL('bin/resolve-drizzle.js', import.meta.url))],
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    include: ['{bin,shared,contracts,gateway,subgraphs,schema,cli,deploy,docs,test}/**/*.test.ts'],
    exclude: ['test/bench/**', '**/*.service.test.ts', '**/*.cluster.test.ts', '**/node_modules/**'],
  },
})
