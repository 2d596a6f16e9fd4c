// npm run services: the real services that tests use, for use by hand.
import { Command } from 'commander'
import { ensureChroma, startChroma } from './chroma.ts'
import { ensureNeo4j, startNeo4j } from './neo4j.ts'
import { ensureOllama, startOllama } from './ollama.ts'
import { ensurePostgresql, startPostgresql } from './postgresql.ts'
import { ensureQdrant, startQdrant } from './qdrant.ts'
import { ensureRedis, startRedis } from './redis.ts'
import { ensureS3, startS3 } from './s3.ts'
import type { RunningService } from './server.ts'
import type { Ensured } from './service.ts'
import { ensureWeaviate, startWeaviate } from './weaviate.ts'

interface Service {
  ensure(): Promise<Ensured<unknown>>
  start(): Promise<RunningService>
}

const SERVICES: Readonly<Record<string, Service>> = {
  chroma: service(ensureChroma, startChroma),
  neo4j: service(ensureNeo4j, startNeo4j),
  ollama: service(ensureOllama, startOllama),
  postgresql: service(ensurePostgresql, startPostgresql),
  qdrant: service(ensureQdrant, startQdrant),
  redis: service(ensureRedis, startRedis),
  weaviate: service(ensureWeaviate, startWeaviate),
  s3: service(ensureS3, startS3),
}

function service<Installation>(
  ensure: () => Promise<Ensured<Installation>>,
  start: (installation: Installation) => Promise<RunningService>,
): Service {
  return {
    ensure,
    async start() {
      const ensured = await ensure()
      if ('missing' in ensured) throw new Error(ensured.missing)
      return start(ensured.installation)
    },
  }
}

/** Throws with the known names when one is unknown. */
export function findServices(names: readonly string[]): [name: string, service: Service][] {
  return names.map((name) => {
    const found = SERVICES[name]
    if (!found) throw new Error(`There is no service "${name}". Known: ${Object.keys(SERVICES).join(', ')}.`)
    return [name, found]
  })
}

async function install(names: readonly string[]): Promise<void> {
  for (const [name, { ensure }] of findServices(names)) {
    const ensured = await ensure()
    if ('missing' in ensured) throw new Error(ensured.missing)
    process.stdout.write(`${name} is installed.\n`)
  }
}

/** Prints what to export, and runs until Ctrl-C. */
async function start(names: readonly string[]): Promise<void> {
  await using stack = new AsyncDisposableStack()
  for (const [name, { start: startOne }] of findServices(names)) {
    process.stderr.write(`Starting ${name} …\n`)
    const running = await startOne()
    stack.defer(() => running.close())
    for (const [variable, value] of Object.entries(running.environment))
      process.stdout.write(`export ${variable}=${shellWord(value)}\n`)
  }
  process.stderr.write('Running. Ctrl-C ends them and removes what they stored.\n')
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve))
}

const shellWord = (value: string): string =>
  /^[\w:/.@-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`

if (import.meta.main) {
  process.env['TRIBUTARY_INSTALL_SERVICES'] = 'true'
  const known = `Services: ${Object.keys(SERVICES).join(', ')}.`
  const program = new Command('npm run services --')
    .description(`Real services for tests and for use by hand, each with an empty directory and a free port.\n${known}`)
    .showHelpAfterError()
  program
    .command('start')
    .description('Install what is missing, start, print the environment to export, run until Ctrl-C.')
    .argument('<services...>')
    .action(start)
  program
    .command('install')
    .description('Install only; what is there already is kept.')
    .argument('<services...>')
    .action(install)
  program
    .command('list')
    .description('Names of the services.')
    .action(() => {
      process.stdout.write(`${Object.keys(SERVICES).join('\n')}\n`)
    })
  await program.parseAsync().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })
}
