import { startRoles } from '../harness/roles.ts'
import { ensureOllama, startOllama, type OllamaInstallation } from '../services/ollama.ts'
import { ensurePostgresql, startPostgresql, type PostgresqlInstallation } from '../services/postgresql.ts'
import { describeWithService, type Ensured } from '../services/service.ts'
import { killGenerativeStory } from './stories/kill-generative.ts'

describeWithService('on postgresql', await ensureBoth(), (installations) => {
  killGenerativeStory('PostgreSQL and Ollama', async () => {
    const opened = new AsyncDisposableStack()
    try {
      const postgresql = await startPostgresql(installations.postgresql)
      opened.defer(postgresql.close)
      const ollama = await startOllama(installations.ollama)
      opened.defer(ollama.close)
      const databaseUrl = await postgresql.createDatabase()
      const roles = await startRoles({ databaseUrl, environment: ollama.environment })
      opened.defer(roles.close)
      return { roles, ollama, close: () => opened.disposeAsync() }
    } catch (error) {
      await opened.disposeAsync()
      throw error
    }
  })
})

async function ensureBoth(): Promise<Ensured<{ postgresql: PostgresqlInstallation; ollama: OllamaInstallation }>> {
  const postgresql = await ensurePostgresql()
  if ('missing' in postgresql) return postgresql
  const ollama = await ensureOllama()
  if ('missing' in ollama) return ollama
  return { installation: { postgresql: postgresql.installation, ollama: ollama.installation } }
}
