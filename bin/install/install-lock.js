// At most one `npm ci` per checkout: a file made exclusively, touched while its owner lives. Whoever finds it old, or its process gone,
// takes it over.
import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const HEARTBEAT_MS = 2000
const STALE_AFTER_MS = 15_000
const POLL_MS = 300

/**
 * Runs `work` while holding the lock; waits for another holder first.
 * @template Result
 * @param {{ root: string, work: () => Promise<Result>, onWait: () => void }} options
 * @returns {Promise<Result>}
 */
export async function withInstallLock({ root, work, onWait }) {
  const file = path.join(root, '.tributary-install.lock')
  const own = JSON.stringify({ token: randomUUID(), pid: process.pid, host: os.hostname() })
  let isWaiting = false
  while (!(await tryTake(file, own))) {
    if (!isWaiting) onWait()
    isWaiting = true
    await sleep(POLL_MS)
  }
  const heartbeat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    await rm(file, { force: true })
  }
}

async function tryTake(file, own) {
  try {
    await writeFile(file, own, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  if (!(await isAbandoned(file))) return false
  // Two may see the same abandoned lock: the last to put its own in place has it, and the other notices when it looks again.
  const candidate = `${file}.${process.pid}`
  await writeFile(candidate, own)
  await rename(candidate, file)
  await sleep(POLL_MS)
  return (await readFile(file, 'utf8').catch(() => '')) === own
}

async function isAbandoned(file) {
  try {
    const { mtimeMs } = await stat(file)
    if (Date.now() - mtimeMs > STALE_AFTER_MS) return true
    const { pid, host } = JSON.parse(await readFile(file, 'utf8'))
    return host === os.hostname() && !isAlive(pid)
  } catch {
    // Just removed, or not written to its end yet.
    return false
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code !== 'ESRCH'
  }
}
