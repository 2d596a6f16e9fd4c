// Which model serves when nobody names one, and which one a typed name means.
import type { ModelCapability, ModelDescription, ModelProviderKind } from './model.ts'

/** A model that one host or several have. */
export interface CatalogueModel extends ModelDescription {
  provider: ModelProviderKind
  /** Names of the hosts that have it, reachable or not. */
  hostNames: readonly string[]
  /** Whether a host that has it answered when last asked. */
  isAvailable: boolean
}

/** A name means the same with Ollama's default tag and without it. */
export function namesModel(typed: string, { name, provider }: Pick<CatalogueModel, 'name' | 'provider'>): boolean {
  return typed === name || (provider === 'OLLAMA' && !typed.includes(':') && `${typed}:latest` === name)
}

/** The model of that name; one that answers now before one that does not, Ollama's before the embedded one. */
export function findByName(models: readonly CatalogueModel[], typed: string): CatalogueModel | null {
  const candidates = models.filter((model) => namesModel(typed, model))
  return candidates.toSorted((a, b) => rank(a) - rank(b))[0] ?? null
}

/**
 * The default for a capability: the configured name, else the first that Ollama lists (what was pulled last), else the embedded one. Each
 * capability is decided by itself, so that an Ollama without an embedding model leaves embedding to the embedded one.
 */
export function chooseDefault(
  models: readonly CatalogueModel[],
  capability: ModelCapability,
  configuredName: string | undefined,
): CatalogueModel | null {
  const capable = models.filter(({ capabilities }) => capabilities.includes(capability))
  if (configuredName !== undefined) return findByName(capable, configuredName)
  const available = capable.filter(({ isAvailable }) => isAvailable)
  return available.find(({ provider }) => provider === 'OLLAMA') ?? available[0] ?? null
}

const rank = ({ isAvailable, provider }: CatalogueModel): number =>
  (isAvailable ? 0 : 2) + (provider === 'EMBEDDED' ? 1 : 0)
