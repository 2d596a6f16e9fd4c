// The processes of one PostgreSQL server: its postmaster and a backend for each session. Whoever stops the one alone leaves the others running.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** Stops the whole server where it is, the postmaster first so that no backend comes after. */
export function pauseServer(dataDirectory: string): void {
  const postmaster = postmasterOf(dataDirectory)
  signal(postmaster, 'SIGSTOP')
  for (const backend of childrenOf(postmaster)) signal(backend, 'SIGSTOP')
}

/** Does nothing where nothing is stopped, or the server is gone. */
export function resumeServer(dataDirectory: string): void {
  let postmaster: number
  try {
    postmaster = postmasterOf(dataDirectory)
  } catch {
    return
  }
  for (const backend of childrenOf(postmaster)) signal(backend, 'SIGCONT')
  signal(postmaster, 'SIGCONT')
}

const postmasterOf = (dataDirectory: string): number =>
  Number(readFileSync(path.join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0])

function childrenOf(pid: number): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number)
  } catch {
    return []
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}
