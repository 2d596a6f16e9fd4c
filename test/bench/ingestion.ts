// How much of an ingestion is the embedder: the seconds that the bare model needs for the chunks of a 100-page PDF, as a share of the seconds
// from the first byte of the upload to READY. The bare model embeds the same texts in the same batches, in a thread like the platform's,
// while the platform has nothing to do. The two take turns, so that a machine that slows down slows both.
//
//   node test/bench/ingestion.ts [--runs 3] [--cpu-profile DIRECTORY]
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createOnnxEmbeddingModel } from '../../subgraphs/models/adapters/onnx-embedding-model.ts'
import { cachedModel } from '../../subgraphs/models/model-files/cached-model.fixture.ts'
import { EMBEDDED_EMBEDDING_MODEL } from '../../subgraphs/models/model-files/manifest.ts'
import { indexText } from '../../subgraphs/knowledge/domain/index-text.ts'
import type { TestClient } from '../harness/client.ts'
import { hundredPages } from './corpus/hundred-pages.ts'
import { printFigures, warnWhenBusy } from './figures.ts'
import { startPlatform } from './standalone.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, 'cpu-profile': { type: 'string' } },
})
/** As knowledge sends them. */
const BATCH = 32
const STEPS = `query ($id: ID!) { ingestionJob(id: $id) { status items(first: 1) { nodes {
  error { code message } document { id status } steps { name startedAt finishedAt } } } } }`

const found = await cachedModel(EMBEDDED_EMBEDDING_MODEL)
if ('missing' in found) throw new Error(found.missing)
const { name, embeddingDimensions: dimensions, contextLength } = EMBEDDED_EMBEDDING_MODEL
const pdfs = await Promise.all(Array.from({ length: Number(values.runs) }, (_, run) => hundredPages(`run ${run}`)))
const root = await mkdtemp(path.join(os.tmpdir(), 'tributary-bench-ingestion-'))
await using model = createOnnxEmbeddingModel({ name, directory: found.directory, dimensions, contextLength })
await model.embed(['loads the model'], new AbortController().signal)
await warnWhenBusy()
const profile = values['cpu-profile']
const platform = await startPlatform({
  dataDirectory: path.join(root, 'data'),
  nodeArguments: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
})
try {
  const { client } = platform
  const knowledgeBaseId = await client.createKnowledgeBase('Reports')
  const warmUp = await client.ingest({
    knowledgeBaseId,
    texts: [{ title: 'Warm-up', text: 'The first text is slow.' }],
  })
  if (warmUp.status !== 'SUCCEEDED') throw new Error(JSON.stringify(warmUp))
  const rows: { readySeconds: number; bareSeconds: number; steps: Step[]; chunks: number }[] = []
  for (const [run, bytes] of pdfs.entries()) {
    const startedAt = performance.now()
    const jobId = await client.startJob({ knowledgeBaseId, files: [{ name: `report-${run}.pdf`, bytes }] })
    await client.waitForJob(jobId)
    const readySeconds = (performance.now() - startedAt) / 1000
    const { ingestionJob } = await client.query(STEPS, { id: jobId })
    const [item] = ingestionJob.items.nodes
    if (item.document?.status !== 'READY') throw new Error(JSON.stringify(ingestionJob))
    const texts = await indexTexts(client, item.document.id)
    const bareSeconds = await embedBare(texts)
    rows.push({ readySeconds, bareSeconds, steps: item.steps, chunks: texts.length })
  }
  printFigures('ingestion of a 100-page PDF', [
    {
      name: 'share of the time to READY in the embedder',
      unit: '',
      values: rows.map(({ bareSeconds, readySeconds }) => bareSeconds / readySeconds),
      target: { of: 'median', atLeast: 0.8 },
    },
    { name: 'from upload to READY', unit: 's', values: rows.map(({ readySeconds }) => readySeconds) },
    { name: 'bare embedder, same chunks', unit: 's', values: rows.map(({ bareSeconds }) => bareSeconds) },
    { name: 'chunks', unit: '', values: rows.map(({ chunks }) => chunks) },
    ...rows[0]!.steps.map((step, index) => ({
      name: `step ${step.name}`,
      unit: 'ms',
      values: rows.map(({ steps }) => durationOf(steps[index]!)),
    })),
    { name: 'between the steps', unit: 'ms', values: rows.map(({ steps }) => gapsOf(steps)) },
  ])
} finally {
  await platform.close()
  await rm(root, { recursive: true, force: true })
}

interface Step {
  name: string
  startedAt: string
  finishedAt: string
}

function durationOf(step: Step): number {
  return Date.parse(step.finishedAt) - Date.parse(step.startedAt)
}

/** Time that no step claims: messages on their way. */
function gapsOf(steps: readonly Step[]): number {
  const total = Date.parse(steps.at(-1)!.finishedAt) - Date.parse(steps[0]!.startedAt)
  return total - steps.reduce((sum, step) => sum + durationOf(step), 0)
}

async function embedBare(texts: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  for (let from = 0; from < texts.length; from += BATCH)
    await model.embed(texts.slice(from, from + BATCH), new AbortController().signal)
  return (performance.now() - startedAt) / 1000
}

/** What the platform embedded: every chunk under its title and headings. */
async function indexTexts(client: TestClient, documentId: string): Promise<string[]> {
  const texts: string[] = []
  for (let after: string | null = null; ;) {
    const { document }: any = await client.query(
      `query ($id: ID!, $after: String) { document(id: $id) { title
        chunks(first: 100, after: $after) { nodes { text headings } pageInfo { hasNextPage endCursor } } } }`,
      { id: documentId, after },
    )
    const { title: documentTitle, chunks } = document
    for (const { text, headings } of chunks.nodes) texts.push(indexText({ text, headings, documentTitle }))
    if (!chunks.pageInfo.hasNextPage) return texts
    after = chunks.pageInfo.endCursor
  }
}
