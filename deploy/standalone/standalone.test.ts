// `tributary start` as people start it: real processes, what they print, how they end.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killAll, root, start as startProcess, type Started } from './start-process.fixture.ts'

let scratch: string
const start = (flags: readonly string[], options?: Parameters<typeof startProcess>[1]) =>
  startProcess(['start', '--no-guide', ...flags], options)

async function directory(name: string): Promise<string> {
  const made = path.join(scratch, name)
  await mkdir(made, { recursive: true })
  return made
}

beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'tributary-standalone-'))
})
afterAll(async () => {
  killAll()
  await rm(scratch, { recursive: true, force: true })
})

describe('tributary start, once it runs', () => {
  let platform: Started
  let ready: Record<string, any>
  let secret: string
  let data: string

  beforeAll(async () => {
    data = await directory('running')
    platform = start(['--json', '--port', '0', '--data-dir', data])
    ready = await platform.event('ready')
    secret = (await platform.event('admin-api-key-created'))['secret']
  }, 120_000)

  it('answers at the address that it prints, for the key that it prints', async () => {
    const response = await fetch(ready['url'], {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: '{ viewer { roles workspace { name } } }' }),
    })
    expect(await response.json()).toEqual({ data: { viewer: { roles: ['ADMIN'], workspace: { name: 'Default' } } } })
  })

  it('keeps the key in a file that only its user can read', async () => {
    const file = path.join(data, 'credentials.json')
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ url: ready['url'], apiKey: secret })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(path.join(data, 'identity.key'))).mode & 0o777).toBe(0o600)
  })

  it('keeps everything it stores for its user alone', async () => {
    // Below `database` PGlite has its own mind; nobody else gets there.
    const names = await readdir(data)
    expect(names).toEqual(expect.arrayContaining(['database', 'vectors', 'format.json']))
    const modes = await Promise.all(names.map(async (name) => [name, (await stat(path.join(data, name))).mode & 0o077]))
    expect(modes).toEqual(names.map((name) => [name, 0]))
  })

  it('refuses a second process on its data directory with one sentence', async () => {
    const { status, output } = await start(['--port', '0', '--data-dir', data]).ended
    expect(status).toBe(1)
    expect(output).toContain(`The data directory ${data} is used by process ${platform.child.pid}. Stop that one first`)
  })

  it('refuses its port to a second process with one sentence', async () => {
    const { port } = new URL(ready['url'])
    const { status, output } = await start(['--port', port, '--data-dir', await directory('port')]).ended
    expect(status).toBe(1)
    expect(output).toContain(`tributary: Port ${port} on 127.0.0.1 is in use.`)
  })

  it('is started again at once after kill -9, with the same key, and ends cleanly on Ctrl-C', async () => {
    platform.child.kill('SIGKILL')
    await platform.ended
    const again = start(['--json', '--port', '0', '--data-dir', data])
    const { url, timings } = await again.event('ready')
    expect(timings.dataDirectory).toBeLessThan(2000)
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: '{ viewer { roles } }' }),
    })
    expect(response.status).toBe(200)
    again.child.kill('SIGINT')
    const { status, output } = await again.ended
    expect({ status, output }).toMatchObject({ status: 0 })
    expect(output).toContain('{"event":"closed"}')
    expect(output).not.toContain('admin-api-key-created')
  }, 120_000)
})

describe('tributary start, for people at a terminal', () => {
  let platform: Started
  let data: string

  beforeAll(async () => {
    data = await directory("at Anna's terminal")
    platform = start(['--port', '0', '--host', '0.0.0.0', '--data-dir', data])
    await platform.line('Ctrl-C ends it.')
  }, 120_000)

  it('hints at commands that find this platform, and not at a guide that there is none of', () => {
    const hints = platform.lines.slice(platform.lines.findIndex((line) => line.startsWith('Try next')))
    const commands = hints.filter((line) => line.includes('npx tributary'))
    expect(commands.length).toBeGreaterThan(1)
    const prefix = `  TRIBUTARY_DATA_DIR='${data.replace("'", String.raw`'\''`)}' npx tributary `
    expect(commands.filter((line) => !line.startsWith(prefix))).toEqual([])
    expect(hints.join('\n')).not.toContain('Tributary guide')
  })

  it('warns that on every address, but without one of its own, it cannot tell other machines where to upload to', async () => {
    expect(await platform.line('on other machines')).toMatch(/http:\/\/localhost:\d+.* Set TRIBUTARY_PUBLIC_URL/)
  })

  it('ends cleanly when the terminal is closed, which takes no more words', async () => {
    expect(existsSync(path.join(data, 'process.json'))).toBe(true)
    platform.child.stdout!.destroy()
    platform.child.stderr!.destroy()
    platform.child.kill('SIGHUP')
    // The shell, the terminal and npm each pass it on.
    platform.child.kill('SIGHUP')
    expect((await platform.ended).status).toBe(0)
    expect(existsSync(path.join(data, 'process.json'))).toBe(false)
    expect(existsSync(path.join(data, 'process.lock'))).toBe(false)
  }, 60_000)
})

describe('tributary start, from a folder whose name has a space', () => {
  it('does its main job', async () => {
    const checkout = await directory('my projects/tributary (copy) 100%')
    const parts = ['bin', 'cli', 'contracts', 'deploy', 'gateway', 'schema', 'shared', 'subgraphs']
    for (const part of [...parts, 'package.json', 'package-lock.json'])
      await cp(path.join(root, part), path.join(checkout, part), { recursive: true })
    await symlink(await realpath(path.join(root, 'node_modules')), path.join(checkout, 'node_modules'), 'dir')
    const platform = startProcess(['start', '--no-guide', '--json', '--port', '0'], { checkout })
    expect(await platform.event('ready')).toMatchObject({ dataDirectory: path.join(checkout, '.tributary') })
    await platform.event('admin-api-key-created')

    const guide = path.join(root, 'test/fixtures/documents/river-guide.pdf')
    const ingest = startProcess(['ingest', guide, '--wait', '--json'], { checkout })
    expect(await ingest.event('finished')).toMatchObject({ succeeded: 1, failed: 0 })
    platform.child.kill('SIGINT')
    expect((await platform.ended).status).toBe(0)
  }, 180_000)
})

describe('tributary start, when it cannot', () => {
  it('says that another program has the port', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { status, output } = await start(['--port', String(port), '--data-dir', await directory('taken')]).ended
    other.close()
    expect(status).toBe(1)
    expect(output).toContain(`Port ${port} on 127.0.0.1 is in use. Stop the program that has it, or choose another`)
  })

  it('says that the data directory was written by a newer version', async () => {
    const data = await directory('newer')
    await writeFile(path.join(data, 'format.json'), JSON.stringify({ version: 999, database: 'ready' }))
    const { status, output } = await start(['--port', '0', '--data-dir', data]).ended
    expect(status).toBe(1)
    expect(output).toContain(`${data} was written by a newer version of Tributary (format 999`)
  })

  it('says that a directory holds something else', async () => {
    const data = await directory('foreign')
    await writeFile(path.join(data, 'thesis.odt'), 'x')
    const { status, output } = await start(['--port', '0', '--data-dir', data]).ended
    expect(status).toBe(1)
    expect(output).toContain(`${data} holds other files (thesis.odt) and is no data directory of Tributary.`)
  })

  it('says that it may not write', async () => {
    const data = await directory('read-only')
    await chmod(scratch, 0o755)
    await chmod(data, 0o555)
    // The superuser may write anywhere.
    const isSuperuser = process.getuid?.() === 0
    const { status, output } = await start(['--port', '0', '--data-dir', data], isSuperuser ? { uid: 65_534 } : {})
      .ended
    expect(output).toContain(`The data directory ${data} cannot be written: this user may not. Make it writable, or`)
    expect(status).toBe(1)
  })

  it('says that there is a file where the data directory should be', async () => {
    const file = path.join(scratch, 'a-file')
    await writeFile(file, '')
    const { status, output } = await start(['--port', '0', '--data-dir', path.join(file, 'data')]).ended
    expect(status).toBe(1)
    expect(output).toContain('cannot be made, because there is a file of that name')
  })

  it('says which variable is wrong, what was read and what is expected', async () => {
    const { status, output } = await start(['--data-dir', await directory('variable')], {
      environment: { TRIBUTARY_PORT: 'four thousand' },
    }).ended
    expect(status).toBe(1)
    expect(output).toContain('TRIBUTARY_PORT is "four thousand": ')
  })

  it('says that a flag is unknown, and where help is', async () => {
    const { status, output } = await start(['--prot', '4100']).ended
    expect(status).toBe(2)
    expect(output).toContain("tributary: unknown option '--prot'")
    expect(output).toContain('npm start -- --help')
  })

  it('says that the machine has no such address', async () => {
    const { status, output } = await start(['--host', '192.0.2.1', '--data-dir', await directory('host')]).ended
    expect(status).toBe(1)
    expect(output).toContain('This machine has no address "192.0.2.1" to listen on. Choose another with --host.')
  })
})
