import { PGlite } from '@electric-sql/pglite'
import { newDatabase } from '../test/harness/new-database.ts'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startPgliteMaintenance, type PgliteMaintenance } from './pglite-maintenance.ts'

let client: PGlite
let maintenance: PgliteMaintenance | undefined
beforeEach(async () => {
  client = await PGlite.create('memory://', { loadDataDir: await newDatabase() })
  await client.exec('create schema "Some one"; create table "Some one".thing (id int primary key, name text)')
})
afterEach(async () => {
  await maintenance?.stop()
  await client.close()
})

const start = (onError?: (error: unknown) => void): void => {
  maintenance = startPgliteMaintenance({ client, intervalMs: 5, ...(onError ? { onError } : {}) })
}
const read = async <Row>(statement: string): Promise<Row> => (await client.query<Row>(statement)).rows[0]!
const knownRows = async () =>
  (await read<{ rows: number }>(`select reltuples as rows from pg_class where relname = 'thing'`)).rows
const knownSize = async () =>
  (await read<{ size: number }>(`select relpages * 8192 as size from pg_class where relname = 'thing'`)).size
const size = async () => (await read<{ size: number }>(`select pg_relation_size('"Some one".thing')::int as size`)).size
const fill = () =>
  client.exec(`insert into "Some one".thing select id, 'a name of ' || id from generate_series(1, 5000) as id`)

test('the planner knows how many rows there are', async () => {
  await fill()
  expect(await knownRows()).toBe(-1)
  start()
  await expect.poll(knownRows).toBe(5000)
})

test('the room of replaced rows is used again', async () => {
  await fill()
  const before = await size()
  start()
  const isMaintained = async () => (await knownSize()) * 1.3 + 65_536 > (await size())
  for (let turn = 0; turn < 16; turn += 1) {
    await client.exec(`update "Some one".thing set name = 'another name of ' || id`)
    await expect.poll(isMaintained).toBe(true)
  }
  // Seventeen times as much, were it not used again.
  expect(await size()).toBeLessThan(before * 8)
})

test('a small table is left alone', async () => {
  await client.exec(`insert into "Some one".thing values (1, 'one')`)
  const looks = vi.spyOn(client, 'query')
  start()
  await expect.poll(() => looks.mock.calls.length).toBeGreaterThan(3)
  expect(looks.mock.calls.filter(([statement]) => statement.includes('"Some one".thing'))).toEqual([])
})

test('a failure is told, and it is tried again', async () => {
  await fill()
  const onError = vi.fn<(error: unknown) => void>()
  const { query } = client
  let failures = 0
  vi.spyOn(client, 'query').mockImplementation(((statement: string) => {
    if (statement.startsWith('vacuum') && (failures += 1) === 1) return Promise.reject(new Error('no room'))
    return query.call(client, statement)
  }) as never)
  start(onError)
  await expect.poll(knownRows).toBe(5000)
  expect(onError.mock.calls).toEqual([[new Error('no room')]])
})

test('nothing is begun after the end, and what is in work is waited for', async () => {
  await fill()
  const looks = vi.spyOn(client, 'query')
  start()
  await expect.poll(() => looks.mock.calls.length).toBeGreaterThan(0)
  await maintenance?.stop()
  const { length } = looks.mock.calls
  await client.close()
  client = await PGlite.create('memory://', { loadDataDir: await newDatabase() })
  expect(looks.mock.calls).toHaveLength(length)
})
