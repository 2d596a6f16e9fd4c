// How a service for tests comes onto the machine: built or unpacked once, into the user's cache outside the repository, pinned by version.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { cacheDirectory } from '../../subgraphs/models/model-files/cache-directory.ts'
import { exclusively } from '../../subgraphs/models/model-files/exclusive.ts'
import type { Ensured } from './service.ts'

const INSTALL_TIMEOUT_MS = 20 * 60_000

export interface Recipe {
  /** As `npm run services` knows it. */
  name: string
  version: string
  /** What is there when the installation is whole, relative to its folder. */
  program: string
  /** For a person who decides whether to wait, for example `about five minutes`. */
  duration: string
  /** Puts everything into `staging`, which then becomes the installation; `workshop` is a folder beside it that may be left behind. Throws with the reason. */
  install(folders: { staging: string; workshop: string; signal: AbortSignal }): Promise<void>
}

export interface Installed {
  /** Folder of the installation, in the user's cache. */
  home: string
  /** Path of the recipe's program. */
  program: string
}

/** Finds the installation; makes it in CI, and elsewhere when TRIBUTARY_INSTALL_SERVICES is true. */
export async function ensureInstalled(recipe: Recipe): Promise<Ensured<Installed>> {
  const folder = path.join(cacheDirectory(process.env), 'services', `${recipe.name}-${recipe.version}`)
  const home = path.join(folder, 'installation')
  const installation = { home, program: path.join(home, recipe.program) }
  if (existsSync(installation.program)) return { installation }
  if (process.env['CI'] !== 'true' && process.env['TRIBUTARY_INSTALL_SERVICES'] !== 'true')
    return {
      missing: `${recipe.name} is not installed; install it (${recipe.duration}) with: npm run services -- install ${recipe.name}`,
    }
  try {
    await exclusively({ directory: folder, signal: AbortSignal.timeout(INSTALL_TIMEOUT_MS) }, async (signal) => {
      if (existsSync(installation.program)) return
      const [staging, workshop] = [path.join(folder, 'installation.part'), path.join(folder, 'workshop')]
      for (const directory of [staging, home]) await rm(directory, { recursive: true, force: true })
      for (const directory of [staging, workshop]) await mkdir(directory, { recursive: true })
      await recipe.install({ staging, workshop, signal })
      if (!existsSync(path.join(staging, recipe.program))) throw new Error(`its recipe made no ${recipe.program}`)
      await rename(staging, home)
    })
    return { installation }
  } catch (error) {
    return {
      missing: `${recipe.name} could not be installed: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
}

const runFile = promisify(execFile)

/** Throws with the end of what the program said. */
export async function runTool(
  command: string,
  args: readonly string[],
  options: { environment?: Record<string, string>; directory?: string; signal?: AbortSignal } = {},
): Promise<string> {
  const { environment, directory, signal } = options
  try {
    const { stdout } = await runFile(command, [...args], {
      env: { ...process.env, ...environment },
      timeout: INSTALL_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
      ...(directory === undefined ? {} : { cwd: directory }),
      ...(signal === undefined ? {} : { signal }),
    })
    return stdout
  } catch (cause) {
    const said = ((cause as { stderr?: string }).stderr || (cause as Error).message).trim()
    throw new Error(`${command} ${args.join(' ')} failed: ${said.slice(-1_500)}`, { cause })
  }
}

/** Builds a Go program into `<staging>/bin`: nice and one package at a time, so that whatever else runs has the right of way. */
export async function goInstall(
  module: string,
  staging: string,
  options: { environment?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<void> {
  await runTool('go', ['version']).catch((cause: unknown) => {
    throw new Error('Go is missing; install Go 1.24 or newer', { cause })
  })
  const environment = { GOBIN: path.join(staging, 'bin'), GOFLAGS: '-p=1', ...options.environment }
  await runTool('nice', ['-n', '15', 'go', 'install', module], { ...options, environment })
}

/** Installs Debian packages; refreshes the lists of packages when they are too old for that. Needs root. */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  const install = ['install', '--yes', '--no-install-recommends', ...packages]
  const options = { environment: { DEBIAN_FRONTEND: 'noninteractive' } }
  await runTool('apt-get', install, options).catch(async () => {
    await runTool('apt-get', ['update'], options)
    await runTool('apt-get', install, options)
  })
}

/** A server from a Debian package: found by its program, installed where we are root on Debian. */
export async function ensurePackaged<Found>(
  name: string,
  packages: readonly string[],
  find: () => Promise<Found | null>,
): Promise<Ensured<Found>> {
  const found = await find()
  if (found !== null) return { installation: found }
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) await aptInstall(packages).catch(() => undefined)
  const installation = await find()
  if (installation !== null) return { installation }
  const command = `sudo apt-get install --yes --no-install-recommends ${packages.join(' ')}`
  return { missing: `${name} is not installed; install it with: ${command}` }
}
