// A real Neo4j server for tests: the community edition as a Maven artifact, started embedded with its Bolt connector on.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { repositoryRoot } from '../harness/environment.ts'
import { ensureInstalled, runTool, type Installed, type Recipe } from './install.ts'
import { startServer, type RunningService, type ServerLocation } from './server.ts'
import type { Ensured } from './service.ts'

const VERSION = '5.26.12'
const PASSWORD = 'tributary-tests'
const RUNNER = path.join(repositoryRoot, 'test/services/Neo4jServer.java')

const recipe: Recipe = {
  name: 'neo4j',
  version: VERSION,
  program: `lib/neo4j-${VERSION}.jar`,
  duration: 'about a minute; needs Java 17 and Maven',
  async install({ staging, signal }) {
    await writeFile(path.join(staging, 'pom.xml'), POM)
    const copy = ['--batch-mode', '--quiet', 'dependency:copy-dependencies', '-DoutputDirectory=lib']
    await runTool('mvn', copy, { directory: staging, signal })
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
      arguments: [
        '-Xmx1g',
        '-XX:+UseSerialGC',
        '--add-opens=java.base/java.nio=ALL-UNNAMED',
        // As in its own configuration: without it, it cannot reserve room for its logs, and cannot read them after that has run out.
        '--add-opens=java.base/java.io=ALL-UNNAMED',
        '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
        '-cp',
        path.join(home, 'lib', '*'),
        RUNNER,
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
