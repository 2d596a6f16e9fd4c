// What the resolvers of models are given as parent.
import type { CatalogueModel } from './domain/choose-model.ts'
import type { CatalogueHost } from './model-catalogue.ts'
import type { GenerationRow } from './tables.ts'

export type ModelMapper = CatalogueModel
export type ModelHostMapper = CatalogueHost
export type GenerationMapper = GenerationRow
