// One migration history per subgraph: `npm run migrations -- accounts` writes what changed in its tables.ts.
import { defineConfig } from 'drizzle-kit'

const subgraph = process.env['SUBGRAPH']
if (!subgraph) throw new Error('Name the subgraph: npm run migrations -- accounts')

export default defineConfig({
  dialect: 'postgresql',
  schema: `./subgraphs/${subgraph}/tables.ts`,
  out: `./subgraphs/${subgraph}/migrations`,
  schemaFilter: [subgraph],
})
