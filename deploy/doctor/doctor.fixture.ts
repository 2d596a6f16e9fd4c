// Runs `tributary doctor` as people do, and reads its document.
import { start } from '../standalone/start-process.fixture.ts'
import type { CheckResult } from './run-checks.ts'

/** None of whoever runs the tests. */
const NO_STORES = {
  DATABASE_URL: '',
  OLLAMA_HOST: '',
  REDIS_URL: '',
  NEO4J_URI: '',
  S3_BUCKET: '',
  QDRANT_URL: '',
  WEAVIATE_URL: '',
  CHROMA_URL: '',
}

export interface Examined {
  status: number | null
  isHealthy: boolean
  roles: string[]
  /** Everything that was printed. */
  output: string
  /** Of those that there are. */
  subjects: Set<string>
  /** Throws when there is no such check. */
  check(subject: string, name: string): CheckResult
}

export async function examine(environment: NodeJS.ProcessEnv, ...flags: string[]): Promise<Examined> {
  const { status, stdout, output } = await start(['doctor', '--json', ...flags], {
    environment: { ...NO_STORES, ...environment },
  }).ended
  const document = JSON.parse(stdout) as { isHealthy: boolean; roles: string[]; checks: CheckResult[] }
  return {
    status,
    output,
    isHealthy: document.isHealthy,
    roles: document.roles,
    subjects: new Set(document.checks.map(({ subject }) => subject)),
    check(subject, name) {
      const found = document.checks.find((result) => result.subject === subject && result.name === name)
      if (!found) throw new Error(`There is no check ${subject}/${name} in ${stdout}`)
      return found
    },
  }
}
