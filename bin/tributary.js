#!/usr/bin/env node
// The `tributary` command: makes sure that the packages are there, and those that this version wants, then runs the TypeScript on the Node that came with them, in this
// process when it is that Node already (npm scripts and npx put it first on the PATH), in a child otherwise.
// `start` is the platform itself, `doctor` looks at what it depends on, `export` and `import` work on its stores; everything else is the command
// line, a client of its endpoint.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { installedNode, whyInstallNeeded } from './install/why-install-needed.js'

const NODE_MAJOR = 24
/** Commands that are programs of their own. */
const PROGRAMS = new Map([
  ['start', 'deploy/standalone/main.ts'],
  ['doctor', 'deploy/doctor/main.ts'],
  ['export', 'deploy/transfer/export.ts'],
  ['import', 'deploy/transfer/import.ts'],
])
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const node = installedNode(root)
const commandLine = process.argv.slice(2)

if (await isInstalled()) {
  const command = commandLine.find((word) => !word.startsWith('-'))
  const ownEntry = PROGRAMS.get(command)
  const entry = path.join(root, ownEntry ?? 'cli/main.ts')
  if (Number(process.versions.node.split('.')[0]) === NODE_MAJOR) await runHere(entry, ownEntry && command)
  else runOnInstalledNode()
} else {
  process.exitCode = 1
  if (commandLine.includes('--json'))
    process.stdout.write(
      `${JSON.stringify({ error: { code: 'NOT_INSTALLED', message: 'The packages are not installed as they should be; standard error says why.' } })}\n`,
    )
}

async function isInstalled() {
  const reason = whyInstallNeeded(root, { needsDevelopment: false })
  if (reason === null) return true
  if (!existsSync(node)) {
    const { ensureInstalled } = await import('./install/ensure-installed.js')
    return ensureInstalled({ root })
  }
  // Not behind the user's back: a platform may be running on what is there, and npm takes it away before it brings the new.
  process.stderr.write(
    `Tributary: ${reason}. End what runs in this folder, run "npm run bootstrap" in ${root}, then the same command again.\n`,
  )
  return false
}

/** `command`: the word to take off the command line of a program that is that command. */
async function runHere(entry, command) {
  // Compiled code is kept between runs; it halves the time that loading takes.
  module.enableCompileCache?.(path.join(root, 'node_modules', '.cache', 'tributary-compiled'))
  if (command) process.argv.splice(process.argv.indexOf(command, 2), 1)
  process.argv[1] = entry
  await import(pathToFileURL(entry).href)
}

function runOnInstalledNode() {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...commandLine], { stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  // A terminal sends Ctrl-C to parent and child alike; whoever signals the parent alone means the child, too.
  const forward = (signal) => child.kill(signal)
  for (const signal of signals) process.on(signal, forward)
  child.once('error', (error) => {
    process.stderr.write(
      `Tributary: the installed Node cannot be started (${error.message}). It may have been installed for another kind of machine: delete the node_modules folder and run the same command again.\n`,
    )
    process.exitCode = 1
  })
  child.once('exit', (code, signal) => {
    for (const name of signals) process.off(name, forward)
    if (signal === null) process.exitCode = code ?? 1
    else process.kill(process.pid, signal)
  })
}
