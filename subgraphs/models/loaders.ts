// One batch per entity type and operation. Models and hosts come from the catalogue, which is in memory: they cost no statement.
import { createLoader } from '#shared/graphql/loader.ts'
import { modelId } from '../../contracts/model-ids.ts'
import type { CatalogueModel } from './domain/choose-model.ts'
import type { Generations } from './generations.ts'
import { hostId, type CatalogueHost, type ModelCatalogue } from './model-catalogue.ts'
import type { GenerationRow } from './tables.ts'

export interface Loaders {
  model: { load(id: string): Promise<CatalogueModel | null> }
  host: { load(id: string): Promise<CatalogueHost | null> }
  generation: { load(id: string): Promise<GenerationRow | null> }
  textSoFar: { load(id: string): Promise<{ text: string } | null> }
}

export function createLoaders(
  workspaceId: string,
  useCases: { catalogue: ModelCatalogue; generations: Generations },
): Loaders {
  const { catalogue, generations } = useCases
  const models = createLoader(async () => {
    const read = await catalogue.read()
    return read.models.map((model) => ({ id: modelId(workspaceId, model), model }))
  })
  const hosts = createLoader(async () => {
    const read = await catalogue.read()
    return read.hosts.map((host) => ({ id: hostId(workspaceId, host.name), host }))
  })
  return {
    model: { load: async (id) => (await models.load(id))?.model ?? null },
    host: { load: async (id) => (await hosts.load(id))?.host ?? null },
    generation: createLoader((ids) => generations.findMany(workspaceId, ids)),
    textSoFar: createLoader((ids) => generations.textsSoFar(workspaceId, ids)),
  }
}
