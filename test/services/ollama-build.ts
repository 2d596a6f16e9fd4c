// Builds the Ollama server from its Go module, once per machine, into the user's cache. 0.24.0 is the last release that the Go tools build
// alone. Needs Go, a C++ compiler, pip, and on Debian the headers of two packages.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { exclusively } from '../../subgraphs/models/model-files/exclusive.ts'
import { findPip } from '../../subgraphs/models/model-files/pip.ts'

export const OLLAMA_VERSION = '0.24.0'
const MINIAUDIO = 'miniaudio-1.71'
const HEADER_PACKAGES = ['nlohmann-json3-dev', 'libstb-dev']
const BUILD_TIMEOUT_MS = 20 * 60_000

const runFile = promisify(execFile)

/** Leaves the program at `<home>/bin/ollama`. Throws with the reason when it cannot. */
export async function buildOllama(home: string): Promise<void> {
  const signal = AbortSignal.timeout(BUILD_TIMEOUT_MS)
  const workshop = path.join(home, 'build')
  await exclusively({ directory: workshop, signal }, async () => {
    if (existsSync(path.join(home, 'bin', 'ollama'))) return
    await run('go', ['version'], {}).catch((cause: unknown) => {
      throw new Error('Go is missing; install Go 1.24 or newer', { cause })
    })
    if (!existsSync('/usr/include/nlohmann/json.hpp') || !existsSync('/usr/include/stb/stb_image.h')) {
      const install = ['install', '--yes', '--no-install-recommends', ...HEADER_PACKAGES]
      await run('apt-get', install, {}).catch(async () => {
        await run('apt-get', ['update'], {})
        await run('apt-get', install, {})
      })
    }
    const headers = await miniaudioHeaders(workshop)
    // Without these instructions inference is three to ten times slower.
    const optimise = process.arch === 'x64' ? '-O3 -mavx2 -mfma -mf16c' : '-O3'
    const binaries = path.join(home, 'bin.part')
    // Nice and one at a time: whatever else runs here has the right of way.
    await run('nice', ['-n', '15', 'go', 'install', `github.com/ollama/ollama@v${OLLAMA_VERSION}`], {
      GOBIN: binaries,
      GOFLAGS: '-p=1',
      CGO_ENABLED: '1',
      CGO_CPPFLAGS: `-I${headers}`,
      CGO_CFLAGS: optimise,
      CGO_CXXFLAGS: `${optimise} -I${headers}`,
    })
    await rm(path.join(home, 'bin'), { recursive: true, force: true })
    await rename(binaries, path.join(home, 'bin'))
  })
}

/** One header that Ollama's module does not carry; the source package of Python's miniaudio does. */
async function miniaudioHeaders(directory: string): Promise<string> {
  const pip = await findPip({ signal: AbortSignal.timeout(60_000) })
  if (pip === null) throw new Error('pip is missing; install Python 3 with pip')
  await mkdir(directory, { recursive: true })
  const [command, ...args] = pip
  const wanted = MINIAUDIO.replace('-', '==')
  await run(command, [...args, 'download', '--no-deps', '--no-binary', ':all:', '--dest', directory, wanted], {})
  await run('tar', ['xzf', path.join(directory, `${MINIAUDIO}.tar.gz`), '-C', directory], {})
  return path.join(directory, MINIAUDIO)
}

async function run(command: string, args: readonly string[], environment: Record<string, string>): Promise<void> {
  const options = { env: { ...process.env, ...environment }, timeout: BUILD_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 }
  try {
    await runFile(command, [...args], options)
  } catch (cause) {
    const said = ((cause as { stderr?: string }).stderr ?? (cause as Error).message).trim()
    throw new Error(`${command} ${args.join(' ')} failed: ${said.slice(-1_500)}`, { cause })
  }
}
