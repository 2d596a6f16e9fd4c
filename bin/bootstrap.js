#!/usr/bin/env node
// Runs before `npm start` and `npm test`: brings node_modules in line with package-lock.json, or says in one sentence why it cannot.
// Plain JavaScript without dependencies; this file keeps to what very old versions of Node can read, so that they get to say so.
import path from 'path'
import { fileURLToPath } from 'url'

const OLDEST_NODE = 18

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    'Tributary needs Node ' +
      OLDEST_NODE +
      ' or newer to start, and this is ' +
      process.versions.node +
      '. Install a current one from https://nodejs.org and run the same command again.\n',
  )
  process.exit(1)
}

void import('./install/ensure-installed.js')
  .then((module) => module.ensureInstalled({ root: path.dirname(path.dirname(fileURLToPath(import.meta.url))) }))
  .then((isInstalled) => {
    process.exitCode = isInstalled ? 0 : 1
  })
