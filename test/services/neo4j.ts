// A real Neo4j server for tests: the community edition as a Maven artifact, started embedded with its Bolt connector on.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { repositoryRoot } from '../harness/environment.ts'
import { ensureInstalled, runTool, type Installed, type Recipe } from './install.ts'
import { startServer, type RunningService } from './server.ts'
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

export interface StartNeo4jOptions {
  /** False: whoever connects may do everything. Default true. */
  hasAuthentication?: boolean
  /** True: the server refuses to write. Default false. */
  isReadOnly?: boolean
}

export function startNeo4j({ home }: Neo4jInstallation, options: StartNeo4jOptions = {}): Promise<RunningService> {
  const { hasAuthentication = true, isReadOnly = false } = options
  const readOnly = String(isReadOnly)
  return startServer({
    name: 'neo4j',
    command: ({ directory, ports }) => ({
      command: 'java',
      arguments: [
        '-Xmx1g',
        '-XX:+UseSerialGC',
        '--add-opens=java.base/java.nio=ALL-UNNAMED',
        '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
        '-cp',
        path.join(home, 'lib', '*'),
        RUNNER,
        directory,
        String(ports[0]),
        String(hasAuthentication),
        readOnly,
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
}
