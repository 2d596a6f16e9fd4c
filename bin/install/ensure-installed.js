// Brings node_modules in line with package-lock.json by `npm ci`. Does nothing, fast, when it is already; two at once install once.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { explainFailure } from './explain-failure.js'
import { whyInstallNeeded } from './why-install-needed.js'
import { withInstallLock } from './install-lock.js'

/** Without them, packages would fetch CUDA libraries or compile llama.cpp; npm before 11 does not know "allowScripts". */
const ENVIRONMENT = { ONNXRUNTIME_NODE_INSTALL: 'skip', NODE_LLAMA_CPP_SKIP_DOWNLOAD: 'true' }
const PROGRESS_INTERVAL_MS = 1000
const STDERR_KEPT_CHARACTERS = 20_000

/**
 * True when everything is installed. Otherwise the reason was written, in one sentence.
 * @param {{ root: string, output?: NodeJS.WriteStream }} options `root`: the checkout.
 * @returns {Promise<boolean>}
 */
export async function ensureInstalled({ root, output = process.stderr }) {
  if (whyInstallNeeded(root) === null) return true
  try {
    return await withInstallLock({
      root,
      onWait: () => output.write('Tributary: another process is installing the packages; waiting for it.\n'),
      async work() {
        const reason = whyInstallNeeded(root)
        if (reason === null) return true
        output.write(
          `Tributary: ${reason}; installing them with npm ci (about 800 MB on disk, usually within a minute).\n`,
        )
        const startedAt = Date.now()
        const outcome = await runNpm(root, output)
        const stillMissing = outcome.exitCode === 0 ? whyInstallNeeded(root) : null
        if (outcome.exitCode === 0 && stillMissing === null) {
          output.write(`Tributary: packages installed in ${Math.round((Date.now() - startedAt) / 1000)} s.\n`)
          return true
        }
        output.write(`Tributary: ${explainFailure({ ...outcome, stillMissing })}\n`)
        return false
      },
    })
  } catch (error) {
    output.write(
      `Tributary: ${explainFailure({ exitCode: null, stderr: `${error.code ?? ''} ${error.message}`, errorCode: error.code })}\n`,
    )
    return false
  }
}

/** @returns {Promise<{ exitCode: number | null, stderr: string, errorCode?: string }>} */
function runNpm(root, output) {
  // npm must not run on the Node inside the node_modules that it is about to replace.
  const inside = path.join(root, 'node_modules') + path.sep
  const searchPath = (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((entry) => !`${path.resolve(entry)}${path.sep}`.startsWith(inside))
    .join(path.delimiter)
  // Whatever the user's settings leave out otherwise: the platform needs its optional binaries, and `npm test` the development packages.
  const npmArguments = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  return new Promise((resolve) => {
    const child = spawn('npm', npmArguments, {
      cwd: root,
      env: { ...process.env, ...ENVIRONMENT, PATH: searchPath },
      stdio: ['ignore', 'ignore', 'pipe'],
      // npm is a batch file there.
      shell: process.platform === 'win32',
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr = (stderr + text).slice(-STDERR_KEPT_CHARACTERS)
    })
    const stopProgress = showSeconds(output)
    const stopForwarding = forwardSignals(child)
    const settle = (outcome) => {
      stopProgress()
      stopForwarding()
      resolve(outcome)
    }
    child.once('error', (error) =>
      settle({ exitCode: null, stderr: error.message, errorCode: error.code === 'ENOENT' ? 'NO_NPM' : error.code }),
    )
    child.once('close', (exitCode) => settle({ exitCode, stderr }))
  })
}

/** A terminal sees the seconds pass, since npm is silent while it downloads; anything else sees only the first and the last line. */
function showSeconds(output) {
  if (!output.isTTY) return () => undefined
  const startedAt = Date.now()
  const timer = setInterval(() => {
    output.write(`\r  … ${Math.round((Date.now() - startedAt) / 1000)} s`)
  }, PROGRESS_INTERVAL_MS)
  return () => {
    clearInterval(timer)
    output.write('\r\u001b[K')
  }
}

function forwardSignals(child) {
  const forward = (signal) => child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  return () => process.off('SIGINT', forward).off('SIGTERM', forward)
}
