// What every GraphStore must do, as tests. An adapter's test file calls this with a way to open itself.
import { describe, expect } from 'vitest'
import { contractCases, type ContractSkips } from '../../../test/harness/contract-case.ts'
import type { EntityType } from '../domain/entity.ts'
import type { MentionPlace, PageOf } from '../domain/graph-records.ts'
import { OWN_FIELDS, pageKey } from '../domain/graph-selection.ts'
import { askGraphStore, type FlatEntity, type GraphQuestions } from './graph-store-questions.contract.ts'
import type { GraphStore, StoredContributions } from './graph-store.ts'

type Mentions = Record<string, number[]>

const place = (startOffset: number): MentionPlace => ({
  startOffset,
  endOffset: startOffset + 3,
  page: 1,
  chunkId: `chunk_${startOffset}`,
})

/** `ada: [0, 9]` is an entity ada mentioned at 0 and 9; `ada+bob: [0]` relates two. Ids are made from knowledge base and name. */
function contributions(knowledgeBaseId: string, documentId: string, mentions: Mentions): StoredContributions {
  const idOf = (name: string) => `ent_${knowledgeBaseId}_${name.toLowerCase()}`
  const entries = Object.entries(mentions)
  return {
    knowledgeBaseId,
    documentId,
    entities: entries
      .filter(([name]) => !name.includes('+'))
      .map(([name, offsets]) => ({
        id: idOf(name),
        type: name.startsWith('acme') ? 'ORGANIZATION' : 'PERSON',
        normalizedName: name.toLowerCase(),
        name,
        mentions: offsets.map(place),
      })),
    relationships: entries
      .filter(([name]) => name.includes('+'))
      .map(([pair, offsets]) => {
        const [source, target] = pair.split('+') as [string, string]
        const id = `rel_${knowledgeBaseId}_${source}_${target}`
        return {
          id,
          type: 'CO_MENTIONED',
          sourceId: idOf(source),
          targetId: idOf(target),
          mentions: offsets.map(place),
        }
      }),
  }
}

const all: PageOf<never> = { limit: 101, after: null }

/** The store kept from answering, so that a call of it is under way for as long as a test wants. */
export interface HeldGraphStore {
  /** Resolves once a call waits at the store; at once where the store cannot tell. */
  reached(): Promise<void>
  /** Resolves once none waits there any more; at once where the store cannot tell. */
  left(): Promise<void>
  /** Lets it answer again. */
  release(): Promise<void>
}

export interface GraphStoreUnderTest {
  /** A store whose content no other call of `open` shares. */
  open(): Promise<GraphStore>
  hold(): Promise<HeldGraphStore>
}

export function describeGraphStore(name: string, { open, hold }: GraphStoreUnderTest, skips: ContractSkips = {}): void {
  describe(`GraphStore on ${name}`, () => {
    const { contract, end } = contractCases(skips)
    const documents = (...ids: string[]) => ({ kind: 'documents', ids }) as const
    const bases = (...ids: string[]) => ({ kind: 'knowledge-bases', ids }) as const
    const namesIn = async (store: GraphQuestions, workspaceId: string, knowledgeBaseId: string) =>
      (await store.entitiesOf(workspaceId, bases(knowledgeBaseId), all))
        .get(knowledgeBaseId)
        ?.map((row) => `${row.name} ${row.mentionCount}`) ?? []

    contract('entities of a document and of a knowledge base are counted and ranked each on its own', async () => {
      const store = askGraphStore(await open())
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', { ada: [0, 9], bob: [4] }))
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_2', { bob: [0, 5, 9] }))
      expect(await namesIn(store, 'ws_1', 'kb_1')).toEqual(['bob 4', 'ada 2'])
      const found = await store.entitiesOf('ws_1', documents('doc_1', 'doc_2', 'doc_3'), all)
      expect(found.get('doc_1')).toEqual([
        { id: 'ent_kb_1_ada', name: 'ada', type: 'PERSON', mentionCount: 2, rank: 2 },
        { id: 'ent_kb_1_bob', name: 'bob', type: 'PERSON', mentionCount: 4, rank: 1 },
      ])
      expect(found.get('doc_2')?.map((row) => row.rank)).toEqual([3])
      expect(found.has('doc_3')).toBe(false)
    })

    contract('the same document twice leaves the same rows', async () => {
      const store = askGraphStore(await open())
      const same = contributions('kb_1', 'doc_1', { ada: [0, 9], bob: [4], 'ada+bob': [0] })
      const read = async () => [
        [...(await store.entitiesOf('ws_1', bases('kb_1'), all))],
        [...(await store.relationshipsOf('ws_1', ['ent_kb_1_ada'], all))],
        [...(await store.mentionsOf('ws_1', { kind: 'entities', ids: ['ent_kb_1_ada', 'ent_kb_1_bob'] }, all))],
        [...(await store.mentionsOf('ws_1', { kind: 'relationships', ids: ['rel_kb_1_ada_bob'] }, all))],
      ]
      expect(await store.replaceDocument('ws_1', same)).toBe('replaced')
      const once = await read()
      await store.replaceDocument('ws_1', same)
      expect(await read()).toEqual(once)
      expect(JSON.stringify(once)).toContain('rel_kb_1_ada_bob')
    })

    contract('deleting a document removes exactly what only it contributed', async () => {
      const store = askGraphStore(await open())
      await store.replaceDocument(
        'ws_1',
        contributions('kb_1', 'doc_1', { ada: [0, 9], bob: [4], eve: [7], 'ada+bob': [0, 9], 'ada+eve': [0] }),
      )
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_2', { ada: [1], bob: [2], 'ada+bob': [1] }))
      await store.deleteDocument('ws_1', 'kb_1', 'doc_1')
      expect(await namesIn(store, 'ws_1', 'kb_1')).toEqual(['ada 1', 'bob 1'])
      expect((await store.relationshipsOf('ws_1', ['ent_kb_1_ada'], all)).get('ent_kb_1_ada')).toEqual([
        { id: 'rel_kb_1_ada_bob', type: 'CO_MENTIONED', sourceId: 'ent_kb_1_ada', targetId: 'ent_kb_1_bob', weight: 1 },
      ])
      expect(await store.findRelationships('ws_1', ['rel_kb_1_ada_eve'])).toEqual([])
      const mentions = await store.mentionsOf('ws_1', { kind: 'entities', ids: ['ent_kb_1_ada'] }, all)
      expect(mentions.get('ent_kb_1_ada')?.map((row) => row.documentId)).toEqual(['doc_2'])
    })

    contract('a replaced document loses what its new text does not say', async () => {
      const store = askGraphStore(await open())
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', { ada: [0], bob: [4], 'ada+bob': [0] }))
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', { ada: [2, 6] }))
      expect(await namesIn(store, 'ws_1', 'kb_1')).toEqual(['ada 2'])
      expect(await store.findRelationships('ws_1', ['rel_kb_1_ada_bob'])).toEqual([])
    })

    contract(
      'what a document contributed is read back as it was written, whatever others contributed since',
      async () => {
        const store = askGraphStore(await open())
        const written = contributions('kb_1', 'doc_1', { Ada: [0, 9], bob: [4], 'ada+bob': [0, 5] })
        await store.replaceDocument('ws_1', written)
        await store.replaceDocument(
          'ws_1',
          contributions('kb_1', 'doc_2', { ADA: [0, 1, 2], bob: [0], 'ada+bob': [1] }),
        )
        await store.replaceDocument('ws_2', contributions('kb_2', 'doc_3', { ada: [0] }))
        expect(await store.readDocument('ws_1', 'kb_1', 'doc_1')).toEqual(written)
        const nothing = (documentId: string) => contributions('kb_1', documentId, {})
        expect(await store.readDocument('ws_2', 'kb_1', 'doc_1')).toEqual(nothing('doc_1'))
        expect(await store.readDocument('ws_1', 'kb_1', 'doc_9')).toEqual(nothing('doc_9'))
      },
    )

    contract('the name is the form written most often in the documents that are left', async () => {
      const store = askGraphStore(await open())
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', { ADA: [0, 1, 2] }))
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_2', { Ada: [0, 1] }))
      expect(await namesIn(store, 'ws_1', 'kb_1')).toEqual(['ADA 5'])
      await store.deleteDocument('ws_1', 'kb_1', 'doc_1')
      expect(await namesIn(store, 'ws_1', 'kb_1')).toEqual(['Ada 2'])
    })

    contract('a command that comes after the deletion brings nothing back', async () => {
      const store = askGraphStore(await open())
      await store.deleteDocument('ws_1', 'kb_1', 'doc_1')
      expect(await store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', { ada: [0] }))).toBe('deleted')
      await store.replaceDocument('ws_1', contributions('kb_2', 'doc_2', { bob: [0], ada: [3], 'ada+bob': [0] }))
      await store.replaceDocument('ws_1', contributions('kb_3', 'doc_3', { eve: [0] }))
      await store.deleteKnowledgeBase('ws_1', 'kb_2')
      expect(await store.replaceDocument('ws_1', contributions('kb_2', 'doc_9', { ada: [0] }))).toBe('deleted')
      const left = await store.entitiesOf('ws_1', bases('kb_1', 'kb_2', 'kb_3'), all)
      expect([...left.keys()]).toEqual(['kb_3'])
    })

    contract('another workspace sees and deletes nothing, and an empty scope matches nothing', async () => {
      const store = askGraphStore(await open())
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', { ada: [0], bob: [4], 'ada+bob': [0] }))
      const readAs = async (workspaceId: string, ids: (id: string) => string[]) => [
        ...(await store.entitiesOf(workspaceId, documents(...ids('doc_1')), all)),
        ...(await store.entitiesOf(workspaceId, bases(...ids('kb_1')), all)),
        ...(await store.relationshipsOf(workspaceId, ids('ent_kb_1_ada'), all)),
        ...(await store.mentionsOf(workspaceId, { kind: 'entities', ids: ids('ent_kb_1_ada') }, all)),
        ...(await store.mentionsOf(workspaceId, { kind: 'relationships', ids: ids('rel_kb_1_ada_bob') }, all)),
        ...(await store.findEntities(workspaceId, ids('ent_kb_1_ada'))),
        ...(await store.findRelationships(workspaceId, ids('rel_kb_1_ada_bob'))),
      ]
      expect(await readAs('ws_2', (id) => [id])).toEqual([])
      expect(await readAs('ws_1', () => [])).toEqual([])
      await store.deleteDocument('ws_2', 'kb_1', 'doc_1')
      await store.deleteKnowledgeBase('ws_2', 'kb_1')
      expect(await readAs('ws_1', (id) => [id])).toHaveLength(7)
    })

    contract('pages of several documents go on where each ended, without gap or repetition', async () => {
      const store = askGraphStore(await open())
      const many = Object.fromEntries(
        Array.from({ length: 7 }, (_, index) => [
          `p${index}`,
          Array.from({ length: 1 + (index % 3) }, (__, at) => at * 10),
        ]),
      )
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', many))
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_2', { ...many, p9: [0, 5, 9, 12] }))
      for (const id of ['doc_1', 'doc_2']) {
        const whole = (await store.entitiesOf('ws_1', documents(id), all)).get(id) ?? []
        const paged: string[] = []
        let after: { rank: number; id: string } | null = null
        for (;;) {
          const rows: readonly FlatEntity[] =
            (await store.entitiesOf('ws_1', documents(id), { limit: 3, after })).get(id) ?? []
          if (rows.length === 0) break
          paged.push(...rows.map((row) => row.id))
          after = rows.at(-1) ?? null
        }
        expect(paged).toEqual(whole.map((row) => row.id))
      }
      const both = await store.entitiesOf('ws_1', documents('doc_1', 'doc_2'), { limit: 2, after: null })
      expect([...both.values()].map((rows) => rows.length)).toEqual([2, 2])
    })

    contract('mentions and relationships are paged in a stable order', async () => {
      const store = askGraphStore(await open())
      await store.replaceDocument(
        'ws_1',
        contributions('kb_1', 'doc_1', { ada: [9, 0, 4], bob: [1], eve: [2], 'ada+bob': [0], 'ada+eve': [0, 9] }),
      )
      const owner = { kind: 'entities', ids: ['ent_kb_1_ada'] } as const
      const first = (await store.mentionsOf('ws_1', owner, { limit: 2, after: null })).get('ent_kb_1_ada') ?? []
      expect(first).toEqual([
        { documentId: 'doc_1', ...place(0) },
        { documentId: 'doc_1', ...place(4) },
      ])
      const rest = await store.mentionsOf('ws_1', owner, { limit: 2, after: first[1] ?? null })
      expect(rest.get('ent_kb_1_ada')?.map((row) => row.startOffset)).toEqual([9])
      const heaviest = await store.relationshipsOf('ws_1', ['ent_kb_1_ada', 'ent_kb_1_bob'], { limit: 1, after: null })
      expect(heaviest.get('ent_kb_1_ada')?.map((row) => row.id)).toEqual(['rel_kb_1_ada_eve'])
      expect(heaviest.get('ent_kb_1_bob')?.map((row) => row.id)).toEqual(['rel_kb_1_ada_bob'])
      const next = await store.relationshipsOf('ws_1', ['ent_kb_1_ada'], {
        limit: 1,
        after: { rank: 2, id: 'rel_kb_1_ada_eve' },
      })
      expect(next.get('ent_kb_1_ada')?.map((row) => row.id)).toEqual(['rel_kb_1_ada_bob'])
    })

    contract('entities are found by part of the name in any case and by type', async () => {
      const store = askGraphStore(await open())
      await store.replaceDocument(
        'ws_1',
        contributions('kb_1', 'doc_1', { 'Ada Lovelace': [0], 'acme 100%': [5], bob_1: [7] }),
      )
      const find = async (filter: { query?: string; type?: EntityType }) =>
        (await store.entitiesOf('ws_1', bases('kb_1'), all, filter)).get('kb_1')?.map((row) => row.name) ?? []
      expect(await find({ query: 'lOVE' })).toEqual(['Ada Lovelace'])
      expect(await find({ query: '%' })).toEqual(['acme 100%'])
      expect(await find({ query: '_' })).toEqual(['bob_1'])
      expect(await find({ type: 'ORGANIZATION' })).toEqual(['acme 100%'])
      expect(await find({ type: 'ORGANIZATION', query: 'ada' })).toEqual([])
    })

    contract("documents written at the same time do not lose each other's entities", async () => {
      const store = askGraphStore(await open())
      // In each round the documents of the round before, which alone name ada, go while others come that name her too.
      for (let round = 1; round <= 5; round += 1) {
        const documentsOf = (which: number) => [0, 1, 2, 3].map((index) => `doc_${which}_${index}`)
        await Promise.all([
          ...documentsOf(round - 1).map((id) => store.deleteDocument('ws_1', 'kb_1', id)),
          ...documentsOf(round).map((id) =>
            store.replaceDocument('ws_1', contributions('kb_1', id, { ada: [0, 9], [id]: [4] })),
          ),
        ])
        expect(await namesIn(store, 'ws_1', 'kb_1')).toEqual(['ada 8', ...documentsOf(round).map((id) => `${id} 1`)])
      }
    })

    contract('reads what lies below to any depth in one call, each level with its own page', async () => {
      const store = askGraphStore(await open())
      const pairs = { 'ada+bob': [0, 9], 'ada+eve': [0], 'bob+eve': [4], 'bob+joe': [4, 6, 8] }
      await store.replaceDocument(
        'ws_1',
        contributions('kb_1', 'doc_1', { ada: [0, 9], bob: [1, 4], eve: [2], joe: [3], ...pairs }),
      )
      const two = { limit: 2, after: null }
      const one = { limit: 1, after: null }
      const inner = {
        relationships: [{ page: one, each: { source: null, target: OWN_FIELDS, mentions: [two] } }],
        mentions: [],
      }
      const selection = {
        relationships: [{ page: two, each: { source: OWN_FIELDS, target: inner, mentions: [] } }],
        mentions: [one],
      }
      const [ada] = await store.store.findEntities(['ent_kb_1_ada'], {
        workspaceId: 'ws_1',
        selection,
        signal: never(),
      })
      expect(ada!.mentions.get(pageKey(one))!.map(({ startOffset }) => startOffset)).toEqual([0])
      const related = ada!.relationships.get(pageKey(two))!
      expect(related.map(({ id, source, target }) => [id, source?.name, target?.name])).toEqual([
        ['rel_kb_1_ada_bob', 'ada', 'bob'],
        ['rel_kb_1_ada_eve', 'ada', 'eve'],
      ])
      const heaviestOf = related.map(({ target }) => target!.relationships.get(pageKey(one))![0]!)
      expect(heaviestOf.map(({ id, source, target }) => [id, source, target?.name])).toEqual([
        ['rel_kb_1_bob_joe', null, 'joe'],
        ['rel_kb_1_ada_eve', null, 'eve'],
      ])
      expect(heaviestOf[0]!.mentions.get(pageKey(two))!.map(({ startOffset }) => startOffset)).toEqual([4, 6])
    })

    contract('takes ids and names of any characters for nothing but ids and names', async () => {
      const store = askGraphStore(await open())
      const hostile = [
        `"'\`})-[:X]->() DETACH DELETE n //`,
        "'; drop table graph.entity; --",
        '$jwt.workspaceId',
        '{ "id": 1 }',
        'Åse 🧜🏽‍♀️ שלום',
        'x'.repeat(2000),
      ]
      for (const [index, name] of hostile.entries()) {
        await store.replaceDocument(
          `ws ${name.slice(0, 50)}`,
          contributions(`kb_${index}`, `doc ${name.slice(0, 50)}`, { [name]: [0] }),
        )
        expect(await namesIn(store, `ws ${name.slice(0, 50)}`, `kb_${index}`)).toEqual([`${name} 1`])
        const query = name.slice(0, 20)
        const found = await store.entitiesOf(`ws ${name.slice(0, 50)}`, bases(`kb_${index}`), all, { query })
        expect(found.get(`kb_${index}`)?.map((row) => row.name)).toEqual([name])
      }
    })

    contract('documents that are written twice at the same time are whole as one of the two wrote them', async () => {
      const store = askGraphStore(await open())
      const [first, second] = [{ ada: [0], bob: [4], 'ada+bob': [0] }, { eve: [0, 2, 8] }]
      for (let round = 0; round < 5; round += 1) {
        await Promise.all([
          store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', first)),
          store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', second)),
        ])
        expect([['ada 1', 'bob 1'], ['eve 3']]).toContainEqual(await namesIn(store, 'ws_1', 'kb_1'))
      }
    })

    contract('a page goes on behind its cursor, whatever is written before it meanwhile', async () => {
      const store = askGraphStore(await open())
      const named = (...names: string[]) => Object.fromEntries(names.map((each) => [each, [0, 5]]))
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', named('b', 'd', 'f', 'h')))
      const first = (await store.entitiesOf('ws_1', bases('kb_1'), { limit: 2, after: null })).get('kb_1')!
      await store.replaceDocument('ws_1', contributions('kb_1', 'doc_2', { ...named('a', 'c', 'g'), top: [0, 5, 9] }))
      const after = { rank: first[1]!.rank, id: first[1]!.id }
      const second = (await store.entitiesOf('ws_1', bases('kb_1'), { limit: 100, after })).get('kb_1')!
      expect([...first, ...second].map((row) => row.name)).toEqual(['b', 'd', 'f', 'g', 'h'])
    })

    contract('every call of an aborted caller ends with its reason', async () => {
      const store = await open()
      const signal = AbortSignal.abort()
      const options = { workspaceId: 'ws_1', selection: OWN_FIELDS, signal }
      const aborted = { name: 'AbortError' }
      await expect(store.findEntities(['ent_1'], options)).rejects.toMatchObject(aborted)
      await expect(store.findRelationships(['rel_1'], options)).rejects.toMatchObject(aborted)
      await expect(store.entitiesOf({ ...options, scope: bases('kb_1'), page: all })).rejects.toMatchObject(aborted)
      await expect(
        store.replaceDocument('ws_1', contributions('kb_1', 'doc_1', { ada: [0] }), signal),
      ).rejects.toMatchObject(aborted)
      await expect(store.deleteDocument('ws_1', 'kb_1', 'doc_1', signal)).rejects.toMatchObject(aborted)
      await expect(store.deleteKnowledgeBase('ws_1', 'kb_1', signal)).rejects.toMatchObject(aborted)
    })

    contract(
      'calls under way end at once with the reason of a caller who leaves, and leave nothing behind',
      async () => {
        const store = await open()
        const asked = askGraphStore(store)
        await asked.replaceDocument('ws_1', contributions('kb_1', 'doc_1', { ada: [0] }))
        const options = { workspaceId: 'ws_1', selection: OWN_FIELDS }
        const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
          entitiesOf: (signal) => store.entitiesOf({ ...options, signal, scope: bases('kb_1'), page: all }),
          findEntities: (signal) => store.findEntities(['ent_kb_1_ada'], { ...options, signal }),
          findRelationships: (signal) => store.findRelationships(['rel_1'], { ...options, signal }),
          readDocument: (signal) => store.readDocument('ws_1', 'kb_1', 'doc_1', signal),
          replaceDocument: (signal) =>
            store.replaceDocument('ws_1', contributions('kb_1', 'doc_2', { bob: [0] }), signal),
          deleteDocument: (signal) => store.deleteDocument('ws_1', 'kb_1', 'doc_1', signal),
          deleteKnowledgeBase: (signal) => store.deleteKnowledgeBase('ws_1', 'kb_1', signal),
        }
        for (const [call, begin] of Object.entries(calls)) {
          const held = await hold()
          try {
            const leaving = new AbortController()
            const reason = new Error(`who called ${call} has left`)
            const ended = expect(begin(leaving.signal)).rejects.toBe(reason)
            await held.reached()
            leaving.abort(reason)
            await ended
            await held.left()
          } finally {
            await held.release()
          }
        }
        await expect.poll(() => namesIn(asked, 'ws_1', 'kb_1').catch(String), { timeout: 30_000 }).toEqual(['ada 1'])
      },
    )

    contract(
      'twenty thousand entities with a hundred thousand relationships are stored, read and deleted',
      async () => {
        const store = askGraphStore(await open())
        for (let part = 0; part < PARTS; part += 1)
          await store.replaceDocument('ws_1', manyContributions('kb_1', `doc_${part}`, part))
        const page = { limit: 51, after: null }
        const top = (await store.entitiesOf('ws_1', bases('kb_1'), page)).get('kb_1')!
        expect(top.map(({ mentionCount }) => mentionCount)).toEqual(top.map(() => PARTS + 1))
        const ids = top.map(({ id }) => id)
        const related = await store.relationshipsOf('ws_1', ids, page)
        expect([...related.values()].every((rows) => rows.length > 0)).toBe(true)
        const last = Math.floor(ENTITIES_PER_PART / 2) + (PARTS - 1) * ENTITIES_PER_PART
        const found = await store.entitiesOf('ws_1', bases('kb_1'), page, { query: `n${last}` })
        expect(found.get('kb_1')?.map(({ name: each }) => each)).toEqual([`n${last}`])
        await store.deleteDocument('ws_1', 'kb_1', 'doc_0')
        await store.deleteKnowledgeBase('ws_1', 'kb_1')
        expect((await store.entitiesOf('ws_1', bases('kb_1'), page)).size).toBe(0)
        expect(await store.findEntities('ws_1', ids)).toEqual([])
      },
      600_000,
    )

    end()
  })
}

const never = () => new AbortController().signal

const PARTS = 20
const ENTITIES_PER_PART = 1_000
const RELATIONSHIPS_PER_PART = 5_000
/** Entities of the first part that every other part names, too. */
const SHARED = 100

/** One of PARTS documents: its own entities, the shared ones, and a ring of relationships among its own. */
function manyContributions(knowledgeBaseId: string, documentId: string, part: number): StoredContributions {
  const numbers = Array.from({ length: ENTITIES_PER_PART }, (_, index) => part * ENTITIES_PER_PART + index)
  const shared = part === 0 ? [] : Array.from({ length: SHARED }, (_, index) => index)
  const entity = (number: number, count: number) => ({
    id: `ent_n${number}`,
    type: 'PERSON' as const,
    normalizedName: `n${number}`,
    name: `n${number}`,
    mentions: Array.from({ length: count }, (_, at) => place(number * 10 + at * 4)),
  })
  return {
    knowledgeBaseId,
    documentId,
    entities: [
      ...numbers.map((number) => entity(number, part === 0 && number < SHARED ? 2 : 1)),
      ...shared.map((number) => entity(number, 1)),
    ],
    relationships: Array.from({ length: RELATIONSHIPS_PER_PART }, (_, index) => {
      const [from, step] = [index % ENTITIES_PER_PART, 1 + Math.floor(index / ENTITIES_PER_PART)]
      const [source, target] = [numbers[from]!, numbers[(from + step) % ENTITIES_PER_PART]!]
      return {
        id: `rel_n${source}_${step}`,
        type: 'CO_MENTIONED' as const,
        sourceId: `ent_n${source}`,
        targetId: `ent_n${target}`,
        mentions: [place(index * 10)],
      }
    }),
  }
}
