// A workspace that was moved is the same, item by item; what is not whole, not understood or in the way is refused before anything is written.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createId } from '#shared/ids.ts'
import { createJobQueue } from '#shared/job-queue.ts'
import { ALL_MESSAGES, documentsDeleted } from '../../contracts/messages.ts'
import { modelId } from '../../contracts/model-ids.ts'
import { workspaceTable } from '../../subgraphs/accounts/tables.ts'
import { answerTable, documentTable, knowledgeBaseTable } from '../../subgraphs/knowledge/tables.ts'
import { jobTable } from '../../subgraphs/ingestion/tables.ts'
import { entityId } from '../../subgraphs/graph/graph-ids.ts'
import type { CanonicalDump } from '../../test/harness/canonical-dump.ts'
import { expectEqualDumps } from '../../test/harness/expect-equal-dumps.ts'
import { dumpWorkspace, fillWorkspace, withInstallation, type FilledWorkspace } from './installation.fixture.ts'
import { exportTo, importFrom } from './move.fixture.ts'
import type { Installation } from './open-installation.ts'

const DOCUMENTS = 8

let root: string
let source: string
let archive: string
let filled: FilledWorkspace
let original: CanonicalDump
const place = (name: string) => path.join(root, name)
const at = (dataDirectory: string) => ({ dataDirectory })
/** An installation without a workspace, copied from one that has its schemas: faster than making them each time. */
async function empty(name: string) {
  await cp(place('empty'), place(name), { recursive: true })
  return at(place(name))
}

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'tributary-move-'))
  source = place('source')
  archive = place('archive')
  await withInstallation(at(place('empty')), async () => undefined)
  await cp(place('empty'), source, { recursive: true })
  await withInstallation(at(source), async (installation) => {
    filled = await fillWorkspace(installation, { name: 'Moves', documents: DOCUMENTS })
    await fillWorkspace(installation, { name: 'Stays', documents: 2 })
    original = await dumpWorkspace(installation, filled.workspaceId)
    await exportTo(installation, archive, filled.workspaceId)
  })
})
afterAll(() => rm(root, { recursive: true, force: true }))

const readManifest = async (directory = archive) =>
  JSON.parse(await readFile(path.join(directory, 'manifest.json'), 'utf8'))

async function copyOfArchive(name: string): Promise<string> {
  await cp(archive, place(name), { recursive: true })
  return place(name)
}

test('the original has something of everything', () => {
  for (const [section, rows] of Object.entries(original)) expect([section, rows.length > 0]).toEqual([section, true])
  expect(original['search entries']!.some((row) => row.startsWith('vectors_'))).toBe(true)
})

test('an archive holds bounded parts, and nothing of other workspaces, keys, uploads or the name of its own', async () => {
  const { workspace, finishedAt, subgraphs } = await readManifest()
  expect(workspace).toEqual({ id: filled.workspaceId, name: 'Moves', createdAt: '2026-02-03T04:05:06.789Z' })
  expect(finishedAt).not.toBeNull()
  const parts = subgraphs.flatMap(({ kinds }: any) => kinds).flatMap((kind: any) => kind.parts)
  expect(parts.length).toBeGreaterThan(15)
  let text = ''
  for (const { file } of parts) text += await readFile(path.join(archive, file), 'utf8')
  expect(text).not.toMatch(new RegExp(`${filled.workspaceId}|secretHash|"token"`))
  const blobs = await readdir(path.join(archive, 'blobs'), { recursive: true, withFileTypes: true })
  // Sources, contents, one of all elements, and chunks of all but the one that failed.
  expect(blobs.filter((entry) => entry.isFile())).toHaveLength(3 * DOCUMENTS)
})

test('imported into an empty installation, and exported from there and imported once more, it is the same item by item', async () => {
  const dumps: CanonicalDump[] = []
  let from = archive
  for (const name of ['second', 'third'])
    await withInstallation(await empty(name), async (installation) => {
      const result = await importFrom(installation, from)
      expect(result).toMatchObject({ workspaceId: filled.workspaceId, isNew: true })
      expect(result.adminSecret).toMatch(/^trb_/)
      dumps.push(await dumpWorkspace(installation, filled.workspaceId))
      from = place(`archive of ${name}`)
      await exportTo(installation, from, filled.workspaceId, { partBytes: 1_000_000 })
    })
  for (const dump of dumps) expectEqualDumps(dump, original)
})

test('imported again it changes nothing, not even what was changed there since', async () => {
  await withInstallation(await empty('again'), async (installation) => {
    await importFrom(installation, archive)
    await installation.database.sql.update(knowledgeBaseTable).set({ description: 'changed' })
    const before = await dumpWorkspace(installation, filled.workspaceId)
    expect(await importFrom(installation, archive)).toEqual({
      workspaceId: filled.workspaceId,
      isNew: false,
      adminSecret: null,
    })
    expectEqualDumps(await dumpWorkspace(installation, filled.workspaceId), before)
  })
})

test('into another workspace ids are kept, but for those that are made of the workspace, which are made anew', async () => {
  const workspaceId = createId('ws')
  await withInstallation(await empty('mapped'), async (installation) => {
    const { database } = installation
    await expect(importFrom(installation, archive, { workspaceId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await database.sql.insert(workspaceTable).values({ id: workspaceId, name: 'Other' })
    await importFrom(installation, archive, { workspaceId })
    const dump = await dumpWorkspace(installation, workspaceId)
    const [knowledgeBaseId] = filled.knowledgeBaseIds
    const ada = { type: 'NAME', normalizedName: 'ada lovelace' } as const
    expect(dump['graph.entity']!.join()).toContain(entityId(workspaceId, knowledgeBaseId, ada))
    expect(dump['knowledge.knowledge_base']!.join()).toContain(
      modelId(workspaceId, { provider: 'EMBEDDED', name: 'org/model-of-the-test' }),
    )
    const own = [
      'accounts.workspace',
      'search entries',
      ...Object.keys(original).filter((name) => name.startsWith('graph')),
    ]
    const withoutOwn = (from: CanonicalDump) =>
      Object.fromEntries(
        Object.entries(from)
          .filter(([name]) => !own.includes(name))
          .map(([name, rows]) => [name, rows.map((row) => row.replaceAll(/"model_\w+"/g, 'model')).toSorted()]),
      )
    expectEqualDumps(withoutOwn(dump), withoutOwn(original))
    expectEqualDumps({ entries: dump['search entries']! }, { entries: original['search entries']! })
    expect(dump['graph.mention']).toHaveLength(original['graph.mention']!.length)
    await expect(importFrom(installation, archive)).rejects.toMatchObject({
      code: 'IMPORT_CONFLICT',
      message: expect.stringContaining('in another workspace'),
    })
    expectEqualDumps(await dumpWorkspace(installation, workspaceId), dump)
  })
})

describe('refused', () => {
  let target: Installation
  let close: () => void
  let closed: Promise<void>
  beforeAll(async () => {
    const where = await empty('target of the refused')
    await new Promise<void>((opened) => {
      closed = withInstallation(where, (installation) => {
        target = installation
        opened()
        return new Promise<void>((resolve) => (close = resolve))
      })
    })
  })
  afterAll(async () => {
    close()
    await closed
  })

  test('a damaged part, by its name', async () => {
    const copy = await copyOfArchive('damaged part')
    const { file } = (await readManifest()).subgraphs[0].kinds[1].parts[1]
    const text = await readFile(path.join(copy, file), 'utf8')
    await writeFile(path.join(copy, file), text.replace('Ada', 'Eva'))
    await refusedWithoutTrace(copy, 'ARCHIVE_DAMAGED', file)
  })

  test.each([
    ['missing', (file: string) => rm(file)],
    ['changed', (file: string) => writeFile(file, 'other')],
  ])('a stored file that is %s, by its name', async (what, damage) => {
    const copy = await copyOfArchive(`file ${what}`)
    const blobs = (await readdir(path.join(copy, 'blobs'), { recursive: true })).filter((name) => name.length > 60)
    await damage(path.join(copy, 'blobs', blobs[3]!))
    await refusedWithoutTrace(copy, 'ARCHIVE_DAMAGED', path.basename(blobs[3]!))
  })

  test('a newer format', async () => {
    const copy = await copyOfArchive('newer')
    await writeFile(
      path.join(copy, 'manifest.json'),
      JSON.stringify({ ...(await readManifest()), version: 2, unknown: true }),
    )
    await refusedWithoutTrace(copy, 'ARCHIVE_NEWER', 'format 2')
  })

  test.each([
    ['no JSON', () => '{"form'],
    ['without its parts', (manifest: any) => JSON.stringify({ ...manifest, subgraphs: undefined })],
    [
      'with a part outside it',
      (manifest: any) => JSON.stringify(manifest).replace('parts/knowledge/', '../parts/knowledge/'),
    ],
  ])('a manifest that is %s', async (what, change) => {
    const copy = await copyOfArchive(`manifest ${what}`)
    await writeFile(path.join(copy, 'manifest.json'), change(await readManifest()))
    await refusedWithoutTrace(copy, 'ARCHIVE_DAMAGED', 'manifest.json')
  })

  test('an export that was not finished', async () => {
    const copy = await copyOfArchive('unfinished')
    await writeFile(path.join(copy, 'manifest.json'), JSON.stringify({ ...(await readManifest()), finishedAt: null }))
    await refusedWithoutTrace(copy, 'ARCHIVE_DAMAGED', 'not finished')
  })

  async function refusedWithoutTrace(from: string, code: string, named: string): Promise<void> {
    await expect(importFrom(target, from)).rejects.toMatchObject({ code, message: expect.stringContaining(named) })
    expect(Object.values(await dumpWorkspace(target, filled.workspaceId)).flat()).toEqual([])
  }

  test('a workspace that has content of its own', async () => {
    await withInstallation(await empty('not empty'), async (installation) => {
      const { database } = installation
      const workspaceId = createId('ws')
      await database.sql.insert(workspaceTable).values({ id: workspaceId, name: 'Busy' })
      await database.sql.insert(knowledgeBaseTable).values({ id: createId('kb'), workspaceId, name: 'Own' })
      await expect(importFrom(installation, archive, { workspaceId })).rejects.toMatchObject({
        code: 'IMPORT_CONFLICT',
        message: expect.stringContaining('1 knowledge base'),
      })
    })
  })

  test('another archive while one is half imported', async () => {
    const other = await copyOfArchive('other')
    await writeFile(
      path.join(other, 'manifest.json'),
      JSON.stringify({ ...(await readManifest()), archiveId: crypto.randomUUID() }),
    )
    await withInstallation(await empty('half'), async (installation) => {
      await expect(cutOff((options) => importFrom(installation, archive, options), 2)).rejects.toThrow()
      await expect(importFrom(installation, other)).rejects.toMatchObject({ code: 'IMPORT_CONFLICT' })
      await importFrom(installation, archive)
      expectEqualDumps(await dumpWorkspace(installation, filled.workspaceId), original)
    })
  })

  test.each([
    ['an answer is being written', answerTable, 'RUNNING', '1 running answer'],
    ['a job runs', jobTable, 'QUEUED', '1 running ingestion job'],
  ] as const)('an export while %s', async (_what, table, status, named) => {
    await withInstallation(at(source), async (installation) => {
      const { sql: database } = installation.database
      const [row] = await database.select().from(table).where(eq(table.workspaceId, filled.workspaceId)).limit(1)
      await database.update(table).set({ status }).where(eq(table.id, row!.id))
      await expect(exportTo(installation, place('busy'), filled.workspaceId)).rejects.toMatchObject({
        code: 'WORKSPACE_BUSY',
        message: expect.stringContaining(named),
      })
      await database.update(table).set({ status: row!.status }).where(eq(table.id, row!.id))
    })
  })

  test('an export while a durable message of the workspace waits', async () => {
    await cp(source, place('waiting'), { recursive: true })
    await withInstallation(at(place('waiting')), async (installation) => {
      const { database } = installation
      const queue = await createJobQueue({
        database,
        messages: ALL_MESSAGES,
        isOnlyProcess: true,
        onError: () => undefined,
      })
      const gone = (workspaceId: string) => ({ workspaceId, knowledgeBaseId: createId('kb'), documentId: null })
      await queue.send(documentsDeleted, gone(createId('ws')))
      await exportTo(installation, place('of others'), filled.workspaceId)
      await queue.send(documentsDeleted, gone(filled.workspaceId))
      await expect(exportTo(installation, place('of its own'), filled.workspaceId)).rejects.toMatchObject({
        code: 'WORKSPACE_BUSY',
        message: expect.stringContaining('1 unhandled message (ingestion.documents-deleted)'),
      })
      await queue.close()
    })
  })

  test('an export of a document whose vectors are gone', async () => {
    await cp(source, place('without vectors'), { recursive: true })
    await rm(path.join(place('without vectors'), 'vectors'), { recursive: true })
    await withInstallation(at(place('without vectors')), async (installation) => {
      await expect(exportTo(installation, place('incomplete'), filled.workspaceId)).rejects.toMatchObject({
        code: 'QUALITY_CHECK_FAILED',
        message: expect.stringContaining('holds 0 of 9 chunks'),
      })
    })
  })

  test('a directory that holds other files, another workspace or a finished archive', async () => {
    await withInstallation(at(source), async (installation) => {
      const refused = (directory: string, workspaceId: string) =>
        expect(exportTo(installation, directory, workspaceId)).rejects.toMatchObject({ code: 'ARCHIVE_UNUSABLE' })
      await refused(source, filled.workspaceId)
      await refused(archive, filled.workspaceId)
      const [other] = await installation.database.sql
        .select()
        .from(workspaceTable)
        .where(eq(workspaceTable.name, 'Stays'))
      await refused(archive, other!.id)
    })
  })
})

describe('cut off and run again', () => {
  test('an export keeps the parts that it has, mends one that was damaged, and reads again what has changed', async () => {
    const changing = place('changing')
    await cp(source, changing, { recursive: true })
    const target = place('resumed archive')
    await withInstallation(at(changing), async (installation) => {
      // Within ingestion: knowledge has 2 + 72 + 8 + 8 records.
      await expect(
        cutOff((options) => exportTo(installation, target, filled.workspaceId, options), 95),
      ).rejects.toThrow()
      const before = await readManifest(target)
      expect(before.finishedAt).toBeNull()
      const chunks = before.subgraphs[0].kinds[1].parts
      const damagedPart = chunks.at(-2).file as string
      await writeFile(path.join(target, damagedPart), 'damaged')
      const notes: string[] = []
      await exportTo(installation, target, filled.workspaceId, { notes })
      expect(notes.join('\n')).toContain(damagedPart)
      const after = await readManifest(target)
      expect(after.archiveId).toBe(before.archiveId)
      expect(after.subgraphs[0].kinds[1].parts.slice(0, -2)).toEqual(chunks.slice(0, -2))
    })
    await sameWhenImported(target, original)
  })

  test('an export of a workspace that changed meanwhile holds what is there in the end', async () => {
    const changing = place('changing too')
    await cp(source, changing, { recursive: true })
    const target = place('changed archive')
    const [, gone] = filled.documentIds
    await withInstallation(at(changing), async (installation) => {
      const { sql: database } = installation.database
      await expect(
        cutOff((options) => exportTo(installation, target, filled.workspaceId, options), 95),
      ).rejects.toThrow()
      await database.update(documentTable).set({ title: 'New title' }).where(eq(documentTable.id, gone!))
      const notes: string[] = []
      let isChanged = false
      await exportTo(installation, target, filled.workspaceId, {
        notes,
        onRecord: () => {
          if (isChanged || !notes.some((note) => note.includes('graph'))) return
          isChanged = true
          void database
            .update(answerTable)
            .set({ text: 'Changed.' })
            .where(eq(answerTable.workspaceId, filled.workspaceId))
            .execute()
        },
      })
      expect(notes.join('\n')).toMatch(/knowledge: changed since the export began/)
      expect(notes.join('\n')).toMatch(/knowledge: changed meanwhile, read again\n.*graph: changed meanwhile/)
      const now = await dumpWorkspace(installation, filled.workspaceId)
      expect(now['knowledge.answer']!.join()).toContain('Changed.')
      await sameWhenImported(target, now)
    })
  })

  test.each([1, 7, 24])('an import goes on wherever it ended: after %i batches', async (batches) => {
    await withInstallation(await empty(`cut ${batches}`), async (installation) => {
      await expect(cutOff((options) => importFrom(installation, archive, options), batches)).rejects.toThrow()
      expect(await importFrom(installation, archive)).toMatchObject({ isNew: true })
      expectEqualDumps(await dumpWorkspace(installation, filled.workspaceId), original)
    })
  })

  async function sameWhenImported(from: string, expected: CanonicalDump): Promise<void> {
    await withInstallation(await empty(`import of ${path.basename(from)}`), async (installation) => {
      await importFrom(installation, from)
      expectEqualDumps(await dumpWorkspace(installation, filled.workspaceId), expected)
    })
  }
})

/** Aborts the move when so many steps of its progress were made. */
function cutOff(move: (options: { signal: AbortSignal; onRecord: () => void }) => Promise<unknown>, steps: number) {
  const end = new AbortController()
  let done = 0
  return move({
    signal: end.signal,
    onRecord: () => {
      done += 1
      if (done === steps) end.abort()
    },
  })
}

test('the tables of every subgraph travel or are known to stay', async () => {
  await withInstallation(await empty('tables'), async ({ database }) => {
    const found = await database.sql.execute(
      sql`select table_schema || '.' || table_name as name from information_schema.tables
        where table_schema in ('accounts', 'models', 'knowledge', 'ingestion', 'graph', 'metrics') order by 1`,
    )
    const names = (found as { rows: { name: string }[] }).rows.map(({ name }) => name)
    const page = await readFile(new URL('../../docs/moving.md', import.meta.url), 'utf8')
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })
})
