// Gives adapter tests the real model, from the user's cache or fetched once. Where it cannot be had, the suite is skipped by name; in CI
// that is a failure.
import type { ManifestModel } from '../domain/model-manifest.ts'
import { cacheDirectory } from './cache-directory.ts'
import { ensureModelFiles } from './ensure-model-files.ts'

/** The model's folder, or why it is not here. */
export async function cachedModel(model: ManifestModel): Promise<{ directory: string } | { missing: string }> {
  const outcome = await ensureModelFiles(model, {
    cacheDirectory: cacheDirectory(process.env),
    signal: AbortSignal.timeout(240_000),
    ...(process.env.TRIBUTARY_MODELS_DIR === undefined ? {} : { modelsDirectory: process.env.TRIBUTARY_MODELS_DIR }),
  })
  if (outcome.status === 'ready') return { directory: outcome.directory }
  if (process.env.CI === 'true') throw new Error(outcome.message)
  return { missing: outcome.message }
}
