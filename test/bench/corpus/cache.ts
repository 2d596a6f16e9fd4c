// Where benchmarks keep what takes long to make: beside the models, outside every checkout.
import path from 'node:path'
import { cacheDirectory } from '../../../subgraphs/models/model-files/cache-directory.ts'

export const benchCache = (...names: readonly string[]): string =>
  path.join(cacheDirectory(process.env), 'bench', ...names)

/** Chunks that the targets for search and answers speak of. */
export const CORPUS_CHUNKS = 20_000
