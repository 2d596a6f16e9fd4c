// Roles that run apart reach each other: each subgraph answers under its URL, is the one it should be, and believes the same identity key.
import { checkConfiguration } from '#shared/configuration.ts'
import { failed, ok, skipped, type Check, type Finding } from '../../../contracts/doctor.ts'
import { createIdentitySigner, IDENTITY_HEADER } from '../../../contracts/identity.ts'
import { SUBGRAPH_NAMES, type SubgraphName } from '../../../contracts/node-types.ts'
import { identityKeyVariable, subgraphUrlVariable, subgraphUrlVariables } from '../../../contracts/platform.ts'
import { endpointVariables } from '../../../gateway/config.ts'
import { z } from 'zod'

const SUBJECT = 'Roles'
const DOCTOR_IDENTITY = { workspaceId: 'ws_doctor', subject: 'service:doctor', roles: [], scopes: [] }

export function endpointChecks(environment: NodeJS.ProcessEnv): Check[] {
  return [
    { subject: SUBJECT, name: 'gateway', run: (signal) => checkGateway(environment, signal) },
    ...SUBGRAPH_NAMES.map((name) => ({
      subject: SUBJECT,
      name,
      run: (signal: AbortSignal) => checkSubgraph(name, environment, signal),
    })),
  ]
}

async function checkGateway(environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding> {
  const outcome = checkConfiguration(z.object(endpointVariables), environment)
  if ('problems' in outcome) return skipped('its configuration is wrong')
  const { TRIBUTARY_HOST: host, TRIBUTARY_PORT: port } = outcome.configuration
  const reachable = host === '0.0.0.0' || host === '' ? '127.0.0.1' : host === '::' ? '[::1]' : host
  const origin = `http://${reachable.includes(':') && !reachable.startsWith('[') ? `[${reachable}]` : reachable}:${port}`
  const answer = await ask(`${origin}/health`, { signal })
  if (answer === null) return skipped(`not started: nothing listens at ${origin}`)
  if (answer.body?.['status'] === 'live') return ok(`answers at ${origin}`)
  return failed(
    `something answers at ${origin}, but not the gateway`,
    'Correct TRIBUTARY_HOST and TRIBUTARY_PORT, or stop that program.',
  )
}

async function checkSubgraph(
  name: SubgraphName,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Finding> {
  const variable = subgraphUrlVariable(name)
  const urls = checkConfiguration(z.object(subgraphUrlVariables), environment)
  if ('problems' in urls) return skipped('the configuration is wrong')
  const url = urls.configuration[variable]
  const health = await ask(new URL('/health', url).href, { signal })
  if (health === null) return skipped(`not started: nothing listens at ${url}`)
  if (health.body?.['name'] !== name)
    return failed(
      `${typeof health.body?.['name'] === 'string' ? `the subgraph ${health.body['name']}` : 'something else'} answers at ${url}`,
      `Correct ${variable}.`,
    )
  const key = checkConfiguration(z.object(identityKeyVariable), environment)
  if ('problems' in key) return ok(`answers at ${url}`)
  const signer = createIdentitySigner({ key: key.configuration.TRIBUTARY_IDENTITY_KEY })
  const asked = await ask(url, {
    signal,
    method: 'POST',
    headers: { 'content-type': 'application/json', [IDENTITY_HEADER]: await signer.sign(DOCTOR_IDENTITY) },
    body: JSON.stringify({ query: '{ __typename }' }),
  })
  if (JSON.stringify(asked?.body ?? {}).includes('UNAUTHENTICATED'))
    return failed(
      `${url} does not believe identities signed here`,
      'Give every process the same TRIBUTARY_IDENTITY_KEY, and set the clocks of their machines (NTP).',
    )
  return ok(`answers at ${url}`)
}

/** Null when nothing listens there. Throws for everything else that keeps an answer away. */
async function ask(url: string, init: RequestInit): Promise<{ body: Record<string, unknown> | null } | null> {
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (error) {
    const cause = (error as Error).cause as (NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }) | undefined
    const code = cause?.code ?? cause?.errors?.[0]?.code
    if (code === 'ECONNREFUSED') return null
    throw new Error(`${url} cannot be reached (${code ?? (error as Error).message})`, { cause: error })
  }
  const text = await response.text()
  try {
    return { body: JSON.parse(text) as Record<string, unknown> }
  } catch {
    return { body: null }
  }
}
