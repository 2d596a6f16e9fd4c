// Models and their hosts.
import { TributaryError } from '#shared/errors.ts'
import { readPage, toConnection } from '#shared/graphql/connection.ts'
import { modelId } from '../../../contracts/model-ids.ts'
import { findByName, type CatalogueModel } from '../domain/choose-model.ts'
import { hostId, type CatalogueHost } from '../model-catalogue.ts'
import type { Context } from '../context.ts'
import type { Resolvers } from '../schema.generated.ts'

const orderOf = ({ name, provider }: CatalogueModel): [string, string] => [name, provider]
/** A cursor is opaque to callers, but they may pass one of another list: that is refused, not compared. */
function checkOrder(after: readonly (string | number)[] | null): void {
  if (after === null || (after.length === 2 && after.every((part) => typeof part === 'string'))) return
  throw new TributaryError(
    'CURSOR_INVALID',
    'The argument "after" is a cursor of another list. Pass `pageInfo.endCursor` of the page before, or leave it out.',
    { path: ['after'] },
  )
}
const isBefore = (a: readonly (string | number)[], b: readonly (string | number)[]): boolean =>
  a[0] === b[0] ? a[1]! < b[1]! : a[0]! < b[0]!

async function modelsOfHost(
  host: CatalogueHost,
  { catalogue }: Context,
  isWanted: (name: string) => boolean,
): Promise<CatalogueModel[]> {
  const { models } = await catalogue.read()
  return models
    .filter(
      ({ name, hostNames, provider }) => provider === host.provider && hostNames.includes(host.name) && isWanted(name),
    )
    .toSorted((a, b) => (isBefore(orderOf(a), orderOf(b)) ? -1 : 1))
}

export const modelResolvers: Pick<Resolvers, 'Query' | 'Model' | 'ModelHost'> = {
  Query: {
    models: async (_parent, page, { catalogue }) => {
      const { limit, after } = readPage(page)
      checkOrder(after)
      const { models } = await catalogue.read()
      const sorted = models.toSorted((a, b) => (isBefore(orderOf(a), orderOf(b)) ? -1 : 1))
      const rest = after === null ? sorted : sorted.filter((model) => isBefore(after, orderOf(model)))
      return toConnection(rest.slice(0, limit + 1), { limit, after }, orderOf)
    },
    model: async (_parent, { name }, { catalogue }) => findByName((await catalogue.read()).models, name),
    modelHosts: async (_parent, _arguments, { catalogue }) => [...(await catalogue.read()).hosts],
  },
  Model: {
    __resolveReference: async ({ id }, { loaders }) => loaders.model.load(id),
    id: (model, _arguments, { identity }) => modelId(identity.workspaceId, model),
    capabilities: ({ capabilities }) => [...capabilities],
    hosts: async ({ hostNames }, _arguments, { catalogue }) =>
      (await catalogue.read()).hosts.filter(({ name }) => hostNames.includes(name)),
  },
  ModelHost: {
    __resolveReference: async ({ id }, { loaders }) => loaders.host.load(id),
    id: ({ name }, _arguments, { identity }) => hostId(identity.workspaceId, name),
    models: (host, _arguments, context) => modelsOfHost(host, context, () => true),
    loadedModels: (host, _arguments, context) => {
      const loaded = new Set(
        host.models.filter(({ isLoaded }) => host.isReachable && isLoaded === true).map(({ name }) => name),
      )
      return modelsOfHost(host, context, (name) => loaded.has(name))
    },
  },
}
