// A process that migrates, to be killed in the middle of it: node shared/migrate.fixture.ts <url> <schema> <folder>
import { openDatabase } from './database.ts'

const [url, schema, folder] = process.argv.slice(2) as [string, string, string]
const database = await openDatabase({ location: { url }, applicationName: 'tributary-killed' })
process.stdout.write('migrating\n')
await database.migrate({ schema, folder })
await database.close()
