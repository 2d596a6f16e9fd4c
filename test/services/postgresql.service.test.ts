// The service itself: starts, gives separate databases, leaves nothing behind; and the database port of the platform works on it.
import pg from 'pg'
import { expect, test } from 'vitest'
import { openDatabase } from '#shared/database.ts'
import { ensurePostgresql, startPostgresql } from './postgresql.ts'
import { describeWithService } from './service.ts'

describeWithService('postgresql', await ensurePostgresql(), (installation) => {
  test('a started server has separate databases and ends when it is closed', async () => {
    const server = await startPostgresql(installation)
    const [first, second] = [await server.createDatabase(), await server.createDatabase()]
    const one = await openDatabase({ location: { url: first } })
    await one.sql.execute('create table only_here (id int)')
    const other = await openDatabase({ location: { url: second } })
    await expect(other.sql.execute('select * from only_here')).rejects.toThrow()
    await Promise.all([one.close(), other.close()])
    await server.close()
    await expect(new pg.Client({ connectionString: first }).connect()).rejects.toThrow(/ECONNREFUSED/)
  })
})
