// The command line against a real platform: what it prints, and the status it ends with.
import { createServer } from 'node:http'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEndpoint, type Endpoint } from './client/endpoint.ts'
import { findFiles } from './client/find-files.ts'
import { ingestFile } from './client/ingest-file.ts'
import { listKnowledgeBases } from './client/knowledge-bases.ts'
import { killAll, start, type Started } from '../deploy/standalone/start-process.fixture.ts'

let scratch: string
let documents: string
let data: string
let platform: Started

async function tributary(commandLine: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { status, output, stdout } = await start(commandLine, {
    environment: { TRIBUTARY_DATA_DIR: data, ...environment },
  }).ended
  return { status, output, stdout }
}

const records = (stdout: string) => stdout.split('\n').map((line) => JSON.parse(line) as Record<string, any>)

async function json(commandLine: readonly string[], environment?: NodeJS.ProcessEnv) {
  const { status, stdout } = await tributary([...commandLine, '--json'], environment)
  return { status, records: records(stdout) }
}

const HANDBOOK = `# Backups

The backup of the Kestrel database runs every night at 02:15 and takes forty minutes.

To restore a backup, stop the service and run kestrel-restore with the date of the backup.
`

beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'tributary-cli-'))
  documents = path.join(scratch, 'documents')
  data = path.join(scratch, 'data')
  await mkdir(path.join(documents, 'sub'), { recursive: true })
  await writeFile(path.join(documents, 'handbook.md'), HANDBOOK)
  await writeFile(path.join(documents, 'contacts.txt'), 'The operator on duty is called Marit Olsen.\n')
  await writeFile(
    path.join(documents, 'sub', 'page.html'),
    '<html><body><h1>Limits</h1><p>A Kestrel node holds at most 512 shards.</p></body></html>',
  )
  await writeFile(path.join(documents, 'empty.txt'), '')
  await writeFile(path.join(documents, 'photo.png'), 'png')
  platform = start(['start', '--json', '--no-guide', '--port', '0', '--data-dir', data])
  await platform.event('admin-api-key-created')
}, 180_000)

afterAll(async () => {
  platform?.child.kill('SIGINT')
  await platform?.ended
  killAll()
  await rm(scratch, { recursive: true, force: true })
}, 60_000)

describe('ingest, ask and search', { timeout: 120_000 }, () => {
  it('ingests a folder, lists what it skips, and does nothing twice', async () => {
    const first = await json(['ingest', documents, '--knowledge-base', 'Handbook', '--wait'])
    expect(first.records.at(-1)).toMatchObject({ event: 'finished', succeeded: 3, unchanged: 0, failed: 0, skipped: 2 })
    expect(first.status).toBe(0)
    expect(first.records.filter(({ event }) => event === 'skipped').map(({ path: at }) => path.basename(at))).toEqual([
      'empty.txt',
      'photo.png',
    ])

    const second = await json(['ingest', documents, '--knowledge-base', 'Handbook', '--wait'])
    expect(second.records.at(-1)).toMatchObject({ event: 'finished', succeeded: 0, unchanged: 3, failed: 0 })

    const { records: status } = await json(['status'])
    expect(status[0]!['knowledgeBases']).toMatchObject([{ name: 'Handbook', documentCount: 3 }])
    expect(status[0]!['runningJobs']).toEqual([])
  })

  it('sends nothing of a file that has not changed', async () => {
    const { secret } = await platform.event('admin-api-key-created')
    const { url } = await platform.event('ready')
    const endpoint = createEndpoint({ url, apiKey: secret })
    const sent: string[] = []
    const recording: Endpoint = {
      ...endpoint,
      request: (name, ...rest) => {
        sent.push(name)
        return endpoint.request(name, ...rest)
      },
    }
    const knowledgeBases = await listKnowledgeBases(endpoint, 'Handbook')
    const { files } = await findFiles([path.join(documents, 'handbook.md')])
    const options = { endpoint: recording, knowledgeBaseId: knowledgeBases[0]!.id, file: files[0]! }
    expect(await ingestFile(options)).toMatchObject({ isNew: false })
    expect(sent).toEqual(['IngestionJobCreate', 'IngestionJob'])
    await endpoint.close()
  })

  it('says which document a changed file had before', async () => {
    const folder = path.join(scratch, 'changing')
    await mkdir(path.join(folder, 'sub'), { recursive: true })
    const rota = path.join(folder, 'rota.txt')
    await writeFile(rota, 'On Monday the harbour is watched by Ingrid.\n')
    await writeFile(path.join(folder, 'sub', 'rota.txt'), 'On Monday the lighthouse is watched by Olav.\n')
    const command = ['ingest', folder, '--knowledge-base', 'Rota', '--wait']
    const first = await json(command)
    expect(first.records.filter(({ event }) => event === 'earlier-documents')).toEqual([])
    const before = first.records.find(({ event, file }) => event === 'file' && file === rota)!['documentId']

    await writeFile(rota, 'On Monday the harbour is watched by Sigrid.\n')
    const second = await json(command)
    expect(second.records.at(-1)).toMatchObject({ event: 'finished', succeeded: 1, unchanged: 1 })
    expect(second.records.filter(({ event }) => event === 'earlier-documents')).toEqual([
      {
        event: 'earlier-documents',
        file: rota,
        name: 'rota.txt',
        documents: [{ id: before, title: 'rota.txt', createdAt: expect.any(String) }],
      },
    ])

    await writeFile(rota, 'On Monday the harbour is watched by nobody.\n')
    const { stdout } = await tributary([...command.slice(0, -1), '--wait'])
    expect(stdout).toContain(`! rota.txt: ${before}, "rota.txt", of `)
    expect(stdout).toContain('(unchanged, nothing to do)')
    expect(stdout).toContain('1 ingested, 1 unchanged')
    expect(stdout).toContain('delete what is out of date with the mutation documentDelete')
  })

  it('says which pages of a file have no text', async () => {
    const ledger = fileURLToPath(new URL('../test/fixtures/documents/partly-scanned.pdf', import.meta.url))
    const { stdout } = await tributary(['ingest', ledger, '--knowledge-base', 'Ledger', '--wait'])
    expect(stdout).toMatch(/✓ .*partly-scanned\.pdf\n {4}! 3 of 10 pages have no text \(scanned\?\): 2, 5, 7\./)
  })

  it('streams an answer and lists what it rests on', async () => {
    const { status, stdout } = await tributary(['ask', 'When does the backup of the Kestrel database run?'])
    expect(stdout).toContain('02:15')
    expect(stdout).toMatch(/\[\d+\] ✓ verified · Backups/)
    expect(stdout).toContain('“The backup of the Kestrel database runs every night at 02:15 and takes forty minutes.”')
    expect(status).toBe(0)
  })

  it('gives programs every event of an answer as a line of JSON', async () => {
    const question = ['ask', 'How many shards does a Kestrel node hold?', '--knowledge-base', 'Handbook']
    const { status, records: events } = await json([...question, '--mode', 'extractive'])
    expect(events[0]!['__typename']).toBe('AnswerStarted')
    expect(events.some((event) => event['__typename'] === 'AnswerDelta')).toBe(true)
    expect(events.at(-1)).toMatchObject({ __typename: 'AnswerCompleted', answer: { verdict: 'ANSWERED' } })
    expect(status).toBe(0)
  })

  it('says plainly that the documents do not hold an answer', async () => {
    const { status, stdout } = await tributary(['ask', 'Who painted the ceiling of the Sistine Chapel?'])
    expect(stdout).toContain('NOT_IN_DOCUMENTS')
    expect(status).toBe(5)
  })

  it('shows the passages that fit, with their places', async () => {
    const { status, stdout } = await tributary(['search', 'operator', 'on', 'duty', '--first', '1'])
    expect(stdout).toContain('Handbook: 1 passages')
    expect(stdout).toContain('The operator on duty is called Marit Olsen.')
    expect(status).toBe(0)
  })

  it('ends with a status of its own when some files cannot be ingested, and says why', async () => {
    const mixed = path.join(scratch, 'mixed')
    await mkdir(mixed)
    await cp(path.join(documents, 'contacts.txt'), path.join(mixed, 'good.txt'))
    await writeFile(path.join(mixed, 'bad.pdf'), 'This is no PDF.')
    const { status, output } = await tributary(['ingest', mixed, '--knowledge-base', 'Mixed', '--wait'])
    expect(output).toMatch(/✓ .*good\.txt/)
    expect(output).toMatch(/✗ .*bad\.pdf: .*no PDF/)
    expect(output).toContain('1 ingested, 1 failed')
    expect(status).toBe(6)
  })
})

describe('a lost connection', { timeout: 120_000 }, () => {
  it('is found again, and the stream goes on behind the last event', async () => {
    const { url } = await platform.event('ready')
    const streams = new Set<Socket>()
    let uploadCount = 0
    const proxy = createTcpServer((client) => {
      const upstream = connect(Number(new URL(url).port), '127.0.0.1')
      client.on('data', (head) => {
        if (/^upgrade: websocket/im.test(String(head))) streams.add(client)
        if (String(head).startsWith('PUT ')) uploadCount += 1
      })
      client.pipe(upstream).pipe(client)
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
      upstream.on('error', () => client.destroy())
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const many = path.join(scratch, 'many')
    await mkdir(many)
    for (let index = 1; index <= 6; index += 1)
      await writeFile(
        path.join(many, `note-${index}.txt`),
        `Note ${index} says that valve ${index} is painted green.\n`,
      )

    const ingest = start(['ingest', many, '--knowledge-base', 'Notes', '--wait', '--json'], {
      environment: {
        TRIBUTARY_DATA_DIR: data,
        TRIBUTARY_URL: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/graphql`,
      },
    })
    await ingest.event('progress')
    expect(streams.size).toBe(1)
    for (const stream of streams) stream.destroy()
    const { status, stdout } = await ingest.ended
    proxy.close()

    expect(records(stdout).at(-1)).toMatchObject({ event: 'finished', succeeded: 6, failed: 0 })
    expect(status).toBe(0)
    expect(streams.size).toBe(2)
    // The platform knows nothing of the way that was taken to it, and told its own address for them.
    expect(uploadCount).toBe(6)
    const seen = records(stdout).flatMap((record) =>
      record['event'] === 'progress' ? [`${record['file']} ${record['progress'].cursor}`] : [],
    )
    expect(new Set(seen).size).toBe(seen.length)
    // Each of eight steps of each of six files was told, and the end of each job.
    const finished = records(stdout).filter(({ progress }) => progress?.__typename === 'IngestionStepFinished')
    expect(finished).toHaveLength(48)
  })
})

describe('keys', { timeout: 60_000 }, () => {
  it('makes a key, which works until it is revoked', async () => {
    const created = await json(['keys', 'create', 'a reader', '--role', 'viewer', '--expires', '30d'])
    const { apiKey, secret } = created.records[0]!
    expect(apiKey).toMatchObject({ roles: ['VIEWER'] })
    expect((await json(['status'], { TRIBUTARY_API_KEY: secret })).records[0]).toMatchObject({
      viewer: { roles: ['VIEWER'] },
    })

    const { stdout } = await tributary(['keys', 'list'])
    expect(stdout).toMatch(new RegExp(`${apiKey.id} .* active .* a reader`))
    expect(stdout).not.toContain(secret)

    const forbidden = await tributary(['ingest', documents], { TRIBUTARY_API_KEY: secret })
    expect(forbidden.output).toContain('This needs the role')
    expect(forbidden.status).toBe(4)

    expect(await tributary(['keys', 'revoke', apiKey.id])).toMatchObject({ status: 0 })
    const refused = await tributary(['ask', 'Anything?'], { TRIBUTARY_API_KEY: secret })
    expect(refused.output).toContain('The API key is not accepted')
    expect(refused.status).toBe(4)
  })

  it('says that there is no such key', async () => {
    const { status, output } = await tributary(['keys', 'revoke', 'key_nonsense'])
    expect(output).toContain('There is no API key with this id')
    expect(status).toBe(1)
  })
})

describe('what goes wrong is one sentence with what to do', { timeout: 60_000 }, () => {
  it('when nothing answers', async () => {
    const environment = { TRIBUTARY_URL: 'http://127.0.0.1:9/graphql', TRIBUTARY_API_KEY: 'trb_x' }
    const expected = 'tributary: Nothing answers at http://127.0.0.1:9/graphql. Start the platform with `npm start`, or'
    const { status, output } = await tributary(['status'], environment)
    expect(output).toContain(expected)
    expect(status).toBe(3)
    const asJson = await json(['status'], environment)
    expect(asJson.records).toEqual([{ error: { code: 'UNREACHABLE', message: expect.stringContaining('npm start') } }])
  })

  it('when something else answers', async () => {
    const other = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const url = `127.0.0.1:${(other.address() as AddressInfo).port}`
    const { status, output } = await tributary(['status'], { TRIBUTARY_URL: url })
    other.close()
    expect(output).toContain(`What answers at http://${url}/graphql (status 200) is not a Tributary endpoint.`)
    expect(status).toBe(3)
  })

  it('when there is no key', async () => {
    const { status, output } = await tributary(['ask', 'x'], { TRIBUTARY_DATA_DIR: path.join(scratch, 'nowhere') })
    expect(output).toContain('There is no API key for the command line. Start the platform with `npm start`')
    expect(status).toBe(4)
  })

  it.each([
    [['ask'], "missing required argument 'question'"],
    [['ask', 'x', '--mode', 'fast'], 'Choose one of AUTO, GENERATIVE, EXTRACTIVE.'],
    [['search', 'x', '--first', '0'], 'Give a whole number from 1 to 100.'],
    [['keys', 'create', 'x', '--role', 'KING'], 'Choose one of ADMIN, EDITOR, VIEWER, SERVICE.'],
    [['keys', 'create', 'x', '--expires', 'soon'], 'Give a date like 2030-12-31, or days like 30d.'],
    [['destroy'], "unknown command 'destroy'"],
    [['ingest', '/no/such/folder'], 'There is no file or folder "/no/such/folder".'],
  ])('when the command line is %j', async (commandLine, sentence) => {
    const { status, output } = await tributary(commandLine)
    expect(output).toContain(sentence)
    expect(status).toBe(2)
  })

  it.each([
    [['ask', '--json']],
    [['--json', 'ask']],
    [['search', 'x', '--first', '0', '--json']],
    [['keys', '--json', 'create', 'x', '--role', 'KING']],
    [['--json', 'destroy']],
    [['status', '--jsno', '--json']],
    [['--json']],
    [['start', '--json', '--prot']],
    [['--json', 'start', '--prot']],
    [['ingest', '/no/such/folder', '--json']],
  ])('and as JSON where that is wanted: %j', async (commandLine) => {
    const { status, output, stdout } = await tributary(commandLine)
    const { error } = JSON.parse(stdout)
    expect(error).toEqual({ code: expect.stringMatching(/^(USAGE|FILE_NOT_FOUND)$/), message: expect.any(String) })
    expect(error.message).not.toMatch(/^error:|\n|outputHelp/)
    expect(output).toBe(stdout)
    expect(status).toBe(2)
  })

  it('but `--json` is a word like others behind `--`', async () => {
    const { output, stdout } = await tributary(['ask', '--knowledge-base', 'Nothing', '--', '--json'])
    expect(stdout).toBe('')
    expect(output).toContain('There is no knowledge base "Nothing".')
  })

  it('when a knowledge base does not exist', async () => {
    const { status, output } = await tributary(['ask', 'x', '--knowledge-base', 'Nothing'])
    expect(output).toContain('There is no knowledge base "Nothing". `npx tributary status` lists them.')
    expect(status).toBe(1)
  })

  it.each([[['--json', 'status']], [['keys', '--json', 'list']], [['keys', 'list', '--json']]])(
    '`--json` may stand anywhere: %j',
    async (commandLine) => {
      const { status, stdout } = await tributary(commandLine)
      expect(JSON.parse(stdout)).toBeTypeOf('object')
      expect(status).toBe(0)
    },
  )

  it('says which version it is', async () => {
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect(await tributary(['--version'])).toMatchObject({ status: 0, stdout: version })
    expect(await tributary(['start', '--version'])).toMatchObject({ status: 0, stdout: version })
    expect(await tributary(['--version', '--json'])).toMatchObject({ status: 0, stdout: JSON.stringify({ version }) })
  })

  it('and help says how to use each command and what the statuses mean', async () => {
    const { status, stdout } = await tributary(['--help'])
    expect(status).toBe(0)
    for (const word of ['start', 'ingest', 'ask', 'search', 'status', 'keys', 'Exit status', 'TRIBUTARY_API_KEY'])
      expect(stdout).toContain(word)
    expect(stdout).toMatch(/^ +130 +\S/m)
    expect((await tributary(['keys', 'list', '--help'])).stdout).toContain('--json')
    expect((await tributary(['ingest', '--help'])).stdout).toContain('--knowledge-base <name>')
  })
})
