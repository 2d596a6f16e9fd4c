// `tributary keys create|list|revoke`: the API keys of the workspace, for who may see them.
import { EXIT_STATUS, throwUserErrors, type ExitStatus, type UserErrorPayload } from '../client/client-error.ts'
import type { ApiKey } from '../client/shapes.ts'
import type { CommandContext } from './context.ts'

export interface KeysCreateFlags {
  role: string[]
  expires?: Date
}

export async function keysCreate(
  { endpoint, output, signal }: CommandContext,
  name: string,
  flags: KeysCreateFlags,
): Promise<ExitStatus> {
  const { apiKeyCreate } = await endpoint.request<{
    apiKeyCreate: UserErrorPayload & { apiKey: Pick<ApiKey, 'id' | 'prefix' | 'roles' | 'expiresAt'>; secret: string }
  }>('ApiKeyCreate', { name, roles: flags.role, expiresAt: flags.expires?.toISOString() ?? null }, signal)
  throwUserErrors(apiKeyCreate)
  const { apiKey, secret } = apiKeyCreate
  output.record({ apiKey, secret })
  output.line(secret)
  output.note(`Key ${apiKey.id} with ${apiKey.roles.join(', ')}. Keep the secret above now: it is not shown again.`)
  return EXIT_STATUS.success
}

export async function keysList({ endpoint, output, signal }: CommandContext): Promise<ExitStatus> {
  const { apiKeys } = await endpoint.request<{ apiKeys: ApiKey[] }>('ApiKeys', {}, signal)
  output.record({ apiKeys })
  for (const key of apiKeys) {
    const expired = key.expiresAt !== null && new Date(key.expiresAt) <= new Date()
    const state = key.revokedAt !== null ? 'revoked' : expired ? 'expired' : 'active'
    const used = key.lastUsedAt === null ? 'never used' : `used ${key.lastUsedAt.slice(0, 16).replace('T', ' ')}`
    output.line(`${key.id}  ${key.prefix}…  ${state.padEnd(7)}  ${key.roles.join(',')}  ${used}  ${key.name}`)
  }
  return EXIT_STATUS.success
}

export async function keysRevoke({ endpoint, output, signal }: CommandContext, id: string): Promise<ExitStatus> {
  const { apiKeyRevoke } = await endpoint.request<{
    apiKeyRevoke: UserErrorPayload & { apiKey: { id: string; revokedAt: string } }
  }>('ApiKeyRevoke', { apiKeyId: id }, signal)
  throwUserErrors(apiKeyRevoke)
  output.record({ apiKey: apiKeyRevoke.apiKey })
  output.line(`${id} is revoked.`)
  return EXIT_STATUS.success
}
