// What `npm start` needs beside the rest: a data directory of its own that this version can read, and its port.
import { checkConfiguration } from '#shared/configuration.ts'
import { TributaryError } from '#shared/errors.ts'
import { failed, ok, skipped, warning, type Check, type Finding } from '../../../contracts/doctor.ts'
import { configSchema } from '../../standalone/config.ts'
import { FORMAT_FILE, readFormat } from '../../standalone/data-directory.ts'
import { readLockOwner } from '../../standalone/process-lock.ts'
import { reservePort } from '../../standalone/reserve-port.ts'
import path from 'node:path'

interface Place {
  environment: NodeJS.ProcessEnv
  dataDirectory: string
}

export function standaloneChecks(place: Place): Check[] {
  const { dataDirectory } = place
  return [
    { subject: 'Data directory', name: 'used by', run: () => checkOwner(dataDirectory) },
    { subject: 'Data directory', name: 'format', run: () => checkFormat(dataDirectory) },
    { subject: 'Endpoint', name: 'port', run: (signal) => checkPort(place, signal) },
  ]
}

async function checkOwner(directory: string): Promise<Finding> {
  const owner = await readLockOwner(directory)
  if (owner === null) return ok('nobody; it can be started')
  const who = `process ${owner.pid}${owner.isHere ? '' : ` on ${owner.host}`}`
  if (!owner.isGone) return ok(`${who}, which runs the platform`)
  return ok(`nobody; ${who} was killed, and the next start takes over`)
}

async function checkFormat(directory: string): Promise<Finding> {
  try {
    const format = await readFormat(path.join(directory, FORMAT_FILE), directory)
    if (format === null) return skipped('nothing is stored yet')
    if (format.database === 'ready') return ok(`version ${format.version}`)
    return warning('its first start did not end', 'Start again; what it had begun is made anew.')
  } catch (error) {
    if (error instanceof TributaryError) return explain(error)
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return skipped('nothing is stored yet')
    throw error
  }
}

async function checkPort({ environment, dataDirectory }: Place, signal: AbortSignal): Promise<Finding> {
  const outcome = checkConfiguration(configSchema, environment)
  if ('problems' in outcome) return skipped('the configuration is wrong')
  const { TRIBUTARY_HOST: host, TRIBUTARY_PORT: port } = outcome.configuration
  try {
    const reserved = await reservePort(host, port)
    await reserved.release()
    return ok(port === 0 ? `a free one is taken on ${host}` : `${port} on ${host} is free`)
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error
    const owner = await readLockOwner(dataDirectory)
    const isOurs = owner !== null && !owner.isGone && (await answersAsTributary(port, signal))
    return isOurs ? ok(`${port}, where the platform of process ${owner.pid} answers`) : explain(error)
  }
}

async function answersAsTributary(port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, { signal })
    return ((await response.json()) as { status?: string }).status === 'live'
  } catch {
    return false
  }
}

/** Its last sentence says what to do. */
function explain({ message }: TributaryError): Finding {
  const end = message.lastIndexOf('. ', message.length - 2)
  return end < 0 ? failed(message, 'See docs/errors.md.') : failed(message.slice(0, end), message.slice(end + 2))
}
