// The directory of an archive: its manifest, who may write to it, and where its files lie. The manifest is replaced whole after each part, so that
// what it names is there, however the program ended.
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { TributaryError } from '#shared/errors.ts'
import {
  ARCHIVE_FORMAT,
  ARCHIVE_VERSION,
  archiveManifestSchema,
  type ArchivedSubgraph,
  type ArchivedWorkspace,
  type ArchiveManifest,
} from '../../contracts/workspace-archive.ts'
import { writeWhole } from '../standalone/data-directory.ts'
import { lockProcess } from '../standalone/process-lock.ts'

const MANIFEST_FILE = 'manifest.json'
/** What may lie in a directory before we have written to it: our own lock, and what file systems put there. */
const FOREIGN_BUT_HARMLESS = /^(\..*|lost\+found|process\..*)$/

export interface Archive {
  readonly directory: string
  readonly manifest: ArchiveManifest
  pathOf(file: string): string
  /** Where the stored file with this checksum lies. */
  blobPath(sha256: string): string
}

export interface WritableArchive extends Archive {
  /** Whether an export that was cut off goes on. */
  readonly isResumed: boolean
  save(): Promise<void>
  /** Forgets what is there of a subgraph. */
  drop(entry: ArchivedSubgraph): Promise<void>
  close(): Promise<void>
}

/** Throws NOT_FOUND for what is no archive, ARCHIVE_DAMAGED and ARCHIVE_NEWER. */
export async function openArchive(directory: string): Promise<Archive> {
  const manifest = await readManifest(directory)
  if (manifest === null)
    throw new TributaryError(
      'NOT_FOUND',
      `${directory} is no archive of a workspace: there is no ${MANIFEST_FILE} in it.`,
    )
  return archiveOf(directory, manifest)
}

/** A new archive, or one of the same workspace that was begun before. Throws ARCHIVE_UNUSABLE when the directory holds something else, or cannot be written. */
export async function openArchiveForExport(options: {
  directory: string
  workspace: ArchivedWorkspace
  productVersion: string
}): Promise<WritableArchive> {
  const { workspace, productVersion } = options
  const directory = path.resolve(options.directory)
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw explainWriteFailure(cause, directory)
  })
  const lock = await lockProcess({ directory, what: 'archive', onLost: () => process.exit(1) }).catch(
    (cause: unknown) => {
      throw explainWriteFailure(cause, directory)
    },
  )
  try {
    const existing = await readManifest(directory)
    if (existing === null) await refuseOtherFiles(directory)
    else refuseOtherArchive(directory, existing, { workspace, productVersion })
    const manifest: ArchiveManifest = existing ?? {
      format: ARCHIVE_FORMAT,
      version: ARCHIVE_VERSION,
      archiveId: randomUUID(),
      productVersion,
      startedAt: new Date().toISOString(),
      finishedAt: null,
      workspace,
      subgraphs: [],
    }
    const archive = archiveOf(directory, manifest)
    const save = () =>
      writeWhole(path.join(directory, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`).catch(
        (cause: unknown) => {
          throw explainWriteFailure(cause, directory)
        },
      )
    await save()
    return {
      ...archive,
      isResumed: existing !== null,
      save,
      async drop(entry) {
        manifest.subgraphs = manifest.subgraphs.filter((one) => one !== entry)
        await save()
        await rm(path.join(directory, 'parts', entry.subgraph), { recursive: true, force: true })
      },
      close: () => lock.release(),
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

const archiveOf = (directory: string, manifest: ArchiveManifest): Archive => ({
  directory,
  manifest,
  pathOf: (file) => path.join(directory, ...file.split('/')),
  blobPath: (sha256) => path.join(directory, 'blobs', sha256.slice(0, 2), sha256),
})

async function readManifest(directory: string): Promise<ArchiveManifest | null> {
  const file = path.join(directory, MANIFEST_FILE)
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return null
    throw new TributaryError('ARCHIVE_DAMAGED', `${file} cannot be read: ${cause.message}`, { cause })
  })
  if (text === null) return null
  const written = parseJson(text)
  const { format, version } = (written ?? {}) as { format?: unknown; version?: unknown }
  if (format === ARCHIVE_FORMAT && typeof version === 'number' && version > ARCHIVE_VERSION)
    throw new TributaryError(
      'ARCHIVE_NEWER',
      `${directory} was written by a newer version of Tributary (format ${version}; this version knows ${ARCHIVE_VERSION}). Import it with that version.`,
    )
  const manifest = archiveManifestSchema.safeParse(written)
  if (manifest.success) return manifest.data
  const [issue] = manifest.error.issues
  throw new TributaryError(
    'ARCHIVE_DAMAGED',
    `${file} is damaged: ${issue!.path.join('.') || 'it'} ${written === undefined ? 'is no JSON' : `is not as expected (${issue!.message})`}. Copy the archive again, or export anew.`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function refuseOtherFiles(directory: string): Promise<void> {
  const others = (await readdir(directory)).filter((name) => !FOREIGN_BUT_HARMLESS.test(name))
  if (others.length > 0)
    throw unusable(`${directory} holds other files (${others[0]}). Export to a new or empty directory.`)
}

function refuseOtherArchive(
  directory: string,
  existing: ArchiveManifest,
  wanted: { workspace: ArchivedWorkspace; productVersion: string },
): void {
  if (existing.workspace.id !== wanted.workspace.id)
    throw unusable(
      `${directory} is an archive of another workspace (${existing.workspace.name}, ${existing.workspace.id}). Export to a new directory.`,
    )
  if (existing.finishedAt !== null)
    throw unusable(
      `${directory} holds an archive that was finished at ${existing.finishedAt}. Export to a new directory, or delete this one first.`,
    )
  if (existing.productVersion !== wanted.productVersion)
    throw unusable(
      `${directory} was begun by version ${existing.productVersion} of Tributary, and this is ${wanted.productVersion}. Export to a new directory.`,
    )
}

/** One sentence for what the file system said; anything else as it is. */
export function explainWriteFailure(cause: unknown, directory: string): unknown {
  switch ((cause as NodeJS.ErrnoException).code ?? '') {
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return unusable(`${directory} cannot be written: this user may not, or the disk is read-only.`, cause)
    case 'ENOSPC':
    case 'EDQUOT':
      return unusable(
        `The disk of ${directory} is full. Free some space and run the command again; it goes on where it ended.`,
        cause,
      )
    case 'EEXIST':
    case 'ENOTDIR':
      return unusable(`${directory} cannot be made, because there is a file of that name.`, cause)
    default:
      return cause
  }
}

const unusable = (message: string, cause?: unknown) => new TributaryError('ARCHIVE_UNUSABLE', message, { cause })
