// A workspace on its way between installations: the shape of an archive, and what each subgraph does to fill one and to be filled from one.
//
// An archive is a directory. `manifest.json` says what it holds; `parts/<subgraph>/<kind>-000001.ndjson` are records, one JSON object a line;
// `blobs/<first two digits>/<sha256>` are stored files. Nothing in it names the workspace but the manifest, so that it fits any.
import { z } from 'zod'
import type { BlobStore } from '#shared/blob-store.ts'
import type { Database } from '#shared/database.ts'
import { SUBGRAPH_NAMES, type SubgraphName } from './node-types.ts'

/** One more with every change that an older program could not read. */
export const ARCHIVE_VERSION = 1
export const ARCHIVE_FORMAT = 'tributary-workspace'

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/)
const moment = z.iso.datetime()

/** Where in the order of its kind a record stands: the values of its key. */
const positionSchema = z.array(z.union([z.string(), z.int()])).min(1)
export type Position = z.infer<typeof positionSchema>

export const archivePartSchema = z.strictObject({
  /** Inside the archive. */
  file: z.string().regex(/^parts\/[a-z]+\/[a-z-]+-\d{6,}\.ndjson$/),
  records: z.int().positive(),
  sizeBytes: z.int().positive(),
  sha256: sha256Schema,
  /** How many blobs its records name, the same one counted each time. */
  blobs: z.int().nonnegative(),
  /** Of its last record: an export that was cut off goes on behind it. */
  lastPosition: positionSchema,
})
export type ArchivePart = z.infer<typeof archivePartSchema>

const archivedKindSchema = z.strictObject({
  kind: z.string(),
  isFinished: z.boolean(),
  parts: z.array(archivePartSchema),
})

export const archivedSubgraphSchema = z.strictObject({
  subgraph: z.enum(SUBGRAPH_NAMES),
  /** Of what the subgraph held when its first record was read; another one means that the workspace has changed since. */
  fingerprint: z.string(),
  /** In the order in which they are imported. */
  kinds: z.array(archivedKindSchema),
})
export type ArchivedSubgraph = z.infer<typeof archivedSubgraphSchema>

export const archiveManifestSchema = z.strictObject({
  format: z.literal(ARCHIVE_FORMAT),
  version: z.literal(ARCHIVE_VERSION),
  /** Random; one import is told from another by it. */
  archiveId: z.uuid(),
  /** Of the program that wrote it. */
  productVersion: z.string(),
  startedAt: moment,
  /** Null while it is not whole. */
  finishedAt: moment.nullable(),
  workspace: z.strictObject({ id: z.string(), name: z.string(), createdAt: moment }),
  subgraphs: z.array(archivedSubgraphSchema),
})
export type ArchiveManifest = z.infer<typeof archiveManifestSchema>
export type ArchivedWorkspace = ArchiveManifest['workspace']

/** A line of a part. */
export const archiveLineSchema = z.strictObject({
  record: z.unknown(),
  /** SHA-256 of the stored files that the record speaks of. */
  blobs: z.array(sha256Schema).optional(),
})

/** What is known of a document outside knowledge: graph keeps its part by document. */
export const archivedDocumentSchema = z.looseObject({ id: z.string(), knowledgeBaseId: z.string() })
export type ArchivedDocument = z.infer<typeof archivedDocumentSchema>

export interface ReadOptions {
  /** Begin behind this record; null begins with the first. */
  after: Position | null
  signal: AbortSignal
  /** The documents that the archive holds already, in their order. */
  documents(): AsyncIterable<ArchivedDocument>
}

export interface ReadRecord {
  position: Position
  /** Plain JSON. */
  record: unknown
  /** Keys of the stored files that travel with it. */
  blobKeys?: readonly string[]
}

/** Where records are written to. */
export interface ImportTarget {
  workspaceId: string
  /** The workspace that the archive was made of; ids that are derived from a workspace were derived from this one. */
  sourceWorkspaceId: string
}

export interface TransferredKind {
  /** Lower-case words with hyphens: part of file names. */
  readonly kind: string
  /** How many records `read` will give; null: as many as there are documents. */
  count: ((workspaceId: string) => Promise<number>) | null
  /** In the order of their positions. */
  read(workspaceId: string, options: ReadOptions): AsyncIterable<ReadRecord>
  /**
   * Stores records; those that are stored already are replaced, so that a repeated call changes nothing. Their blobs are there before.
   * Throws ARCHIVE_DAMAGED for what is no record of this kind, IMPORT_CONFLICT where an id belongs to somebody else.
   */
  write(target: ImportTarget, records: readonly unknown[], signal: AbortSignal): Promise<void>
}

/** A subgraph's part of a workspace. */
export interface SubgraphTransfer {
  readonly subgraph: SubgraphName
  /** In the order in which they are written. */
  readonly kinds: readonly TransferredKind[]
  /** The subgraph that tells when this one has changed, where it is not known here. Its records come before these. */
  readonly changesWith?: SubgraphName
  /** Work that is under way, in words: `2 running ingestion jobs`. Empty when there is none. */
  unfinished(workspaceId: string): Promise<string[]>
  /** What is there already, in words. Empty when there is nothing. */
  contents(workspaceId: string): Promise<string[]>
  /** Differs whenever a record does. */
  fingerprint(workspaceId: string): Promise<string>
  close(): Promise<void>
}

/** What the parts of the subgraphs are opened with. */
export interface TransferPlatform {
  database: Database
  blobs: BlobStore
  /** Where embedded stores keep their files. */
  dataDirectory: string
  environment: NodeJS.ProcessEnv
  /** Whether stores are opened for writing. */
  isImport: boolean
  onError: (error: unknown) => void
}

export type OpenSubgraphTransfer = (platform: TransferPlatform) => Promise<SubgraphTransfer>

/** `3 knowledge bases`; nothing for none. Gives the plural its s. */
export const amount = (count: number, noun: string): string[] =>
  count === 0 ? [] : [`${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`]
