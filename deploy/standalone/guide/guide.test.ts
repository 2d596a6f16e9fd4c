// The guide as the first start shows it: interrupted at a bad moment it is finished by the next start, and nothing is there twice.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killAll, start, type Started } from '../start-process.fixture.ts'
import { findGuideFiles } from './guide-files.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
let data: string

beforeAll(async () => {
  data = await mkdtemp(path.join(os.tmpdir(), 'tributary-guide-'))
})
afterAll(async () => {
  killAll()
  await rm(data, { recursive: true, force: true })
})

const ascending = (left: number, right: number) => left - right
/** Nothing answers there: what the platform does on its own machine must not take the way that others take to it. */
const environment = { TRIBUTARY_PUBLIC_URL: 'http://tributary.invalid' }
const startWithGuide = () => start(['start', '--json', '--port', '0', '--data-dir', data], { environment })

async function stop(platform: Started): Promise<void> {
  platform.child.kill('SIGINT')
  await platform.ended
}

async function documentTitles(url: string): Promise<{ documentCount: number; sizes: number[] }> {
  const { apiKey } = JSON.parse(await readFile(path.join(data, 'credentials.json'), 'utf8')) as { apiKey: string }
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({
      query: '{ knowledgeBases { nodes { name documentCount documents(first: 100) { nodes { sizeBytes status } } } } }',
    }),
  })
  const { data: answer } = (await response.json()) as { data: any }
  expect(answer.knowledgeBases.nodes).toHaveLength(1)
  const [{ name, documentCount, documents }] = answer.knowledgeBases.nodes
  expect(name).toBe('Tributary guide')
  expect(documents.nodes.map(({ status }: { status: string }) => status)).not.toContain('FAILED')
  return {
    documentCount,
    sizes: documents.nodes.map(({ sizeBytes }: { sizeBytes: number }) => sizeBytes).toSorted(ascending),
  }
}

describe('the guide', { timeout: 300_000 }, () => {
  it('is finished after kill -9 in its midst, each document once, and asked', async () => {
    const files = await findGuideFiles(root)
    const first = startWithGuide()
    await first.event('guide-file')
    first.child.kill('SIGKILL')
    await first.ended

    const second = startWithGuide()
    const { url } = await second.event('ready')
    const { documentCount } = await second.event('guide-ready')
    expect(documentCount).toBe(files.length)
    const said = second.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
    expect(said.find(({ __typename }) => __typename === 'AnswerCompleted').answer).toMatchObject({
      status: 'COMPLETED',
      verdict: 'ANSWERED',
    })
    const citations = said.filter(({ __typename }) => __typename === 'AnswerCited')
    expect(citations.map(({ citation }) => citation.isVerified)).toContain(true)
    const { documentCount: stored, sizes } = await documentTitles(url)
    expect(stored).toBe(files.length)
    expect(sizes).toEqual(files.map(({ sizeBytes }) => sizeBytes).toSorted(ascending))
    await stop(second)
  })

  it('is left as it is by a later start, but for the files that changed or went', async () => {
    const files = await findGuideFiles(root)
    const stateFile = path.join(data, 'guide.json')
    const state = JSON.parse(await readFile(stateFile, 'utf8'))
    expect(state.isAsked).toBe(true)
    // As if README.md had been another then; its document of that time has to go.
    const { documentId } = state.files['README.md']
    state.files['README.md'].sha256 = 'another'
    state.files['docs/gone.md'] = { sha256: 'x', documentId: null }
    await writeFile(stateFile, JSON.stringify(state))

    const again = startWithGuide()
    const { url } = await again.event('ready')
    expect(await again.event('guide-ingestion-started')).toMatchObject({ fileCount: 1 })
    await again.event('guide-ready')
    expect(again.lines.join('\n')).not.toContain('guide-question')
    expect((await documentTitles(url)).documentCount).toBe(files.length)
    const after = JSON.parse(await readFile(stateFile, 'utf8'))
    expect(after.files['README.md'].documentId).toBe(documentId)
    expect(Object.keys(after.files)).not.toContain('docs/gone.md')
    await stop(again)
  })

  it('is hinted at by a start that is not to make it', async () => {
    const again = start(['start', '--no-guide', '--port', '0', '--data-dir', data])
    await again.line('Ctrl-C ends it.')
    expect(await again.line('npx tributary ask')).toContain('--knowledge-base "Tributary guide"')
    await stop(again)
  })
})
