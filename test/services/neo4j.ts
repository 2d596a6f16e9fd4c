// A real Neo4j server for tests: the community edition as a Maven artifact, started embedded with its Bolt connector on.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { repositoryRoot } from '../harness/environment.ts'
import { ensureInstalled, runTool, type Installed, type Recipe } from './install.ts'
import { startServer, type RunningService, type ServerLocation } from './server.ts'
import { freePorts, type Ensured } from './service.ts'

const VERSION = '5.26.12'
const PASSWORD = 'tributary-tests'
const RUNNER = path.join(repositoryRoot, 'test/services/Neo4jServer.java')

/** Its classes as Java keeps them for the next start, which then takes half the time. Good for the class path it was made with, word for word. */
const ARCHIVE = 'neo4j.jsa'
const CLASS_PATH = ['-cp', 'lib/*']
const JAVA_OPTIONS = [
  '-Xmx1g',
  '-XX:+UseSerialGC',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  // As in its own configuration: without it, it cannot reserve room for its logs, and cannot read them after that has run out.
  '--add-opens=java.base/java.io=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
]

const recipe: Recipe = {
  name: 'neo4j',
  /** Of Neo4j, and of what runs it. */
  version: `${VERSION}-${createHash('sha256').update(readFileSync(RUNNER)).digest('hex').slice(0, 8)}`,
  program: ARCHIVE,
  duration: 'about a minute; needs a JDK of version 17 and Maven',
  async install({ staging, workshop, signal }) {
    const options = { directory: staging, signal }
    await writeFile(path.join(staging, 'pom.xml'), POM)
    const copy = ['--batch-mode', '--quiet', 'dependency:copy-dependencies', '-DoutputDirectory=lib']
    await runTool('mvn', copy, options)
    const classes = await mkdtemp(path.join(workshop, 'classes-'))
    await runTool('javac', [...CLASS_PATH, '-d', classes, RUNNER], options)
    await runTool('jar', ['--create', '--file', 'lib/neo4j-server.jar', '-C', classes, '.'], options)
    const data = await mkdtemp(path.join(workshop, 'data-'))
    const [port] = await freePorts(1)
    const once = [data, String(port), 'false', PASSWORD, 'once']
    const archiving = [...JAVA_OPTIONS, `-XX:ArchiveClassesAtExit=${ARCHIVE}`, ...CLASS_PATH, 'Neo4jServer', ...once]
    await runTool('java', archiving, options)
  },
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dev.tributary</groupId><artifactId>neo4j-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>${VERSION}</version></dependency>
  </dependencies>
</project>
`

export type Neo4jInstallation = Installed

export const ensureNeo4j = (): Promise<Ensured<Neo4jInstallation>> => ensureInstalled(recipe)

export interface RunningNeo4j extends RunningService {
  /** Restarts it so that it refuses to write, or takes writes again. */
  setReadOnly(isReadOnly: boolean): Promise<void>
}

export async function startNeo4j({ home }: Neo4jInstallation, { parent }: ServerLocation = {}): Promise<RunningNeo4j> {
  let isReadOnlyNow = false
  const server = await startServer({
    parent,
    name: 'neo4j',
    command: ({ directory, ports }) => ({
      command: 'java',
      directory: home,
      arguments: [
        ...JAVA_OPTIONS,
        `-XX:SharedArchiveFile=${ARCHIVE}`,
        ...CLASS_PATH,
        'Neo4jServer',
        directory,
        String(ports[0]),
        String(isReadOnlyNow),
        PASSWORD,
      ],
    }),
    isReady: (line) => line === 'Neo4j is ready.',
    environment: ({ ports }) => ({
      NEO4J_URI: `bolt://127.0.0.1:${ports[0]}`,
      NEO4J_USERNAME: 'neo4j',
      NEO4J_PASSWORD: PASSWORD,
    }),
  })
  return {
    ...server,
    async setReadOnly(isReadOnly) {
      isReadOnlyNow = isReadOnly
      await server.stop()
      await server.start()
    },
  }
}
