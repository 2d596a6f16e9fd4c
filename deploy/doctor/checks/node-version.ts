// The Node that runs this, which is the one that runs the roles.
import { readFileSync } from 'node:fs'
import { failed, ok, type Check } from '../../../contracts/doctor.ts'

export function nodeChecks(version = process.versions.node): Check[] {
  return [
    {
      subject: 'Node.js',
      name: 'version',
      async run() {
        const wanted = wantedMajor()
        if (Number(version.split('.')[0]) === wanted) return ok(version)
        return failed(
          `${version}, while this program runs on Node ${wanted}`,
          'Start roles with `npx tributary` or npm scripts, which bring their own Node, or put Node ' +
            `${wanted} first on the PATH.`,
        )
      },
    },
  ]
}

/** The Node that the packages bring is the one everything was tested with. */
function wantedMajor(): number {
  const file = new URL('../../../package.json', import.meta.url)
  const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: { node: string } }
  return Number(dependencies.node.split('.')[0])
}
